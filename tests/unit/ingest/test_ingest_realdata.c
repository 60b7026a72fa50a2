/* Goal:   public data sets come in whole: every row is accepted, filtered, or told.
 * Method: exact counts against those that the sets' own descriptions give. Needs the data folder.
 * */
#include "ingest_helper.h"

#include "company_digest.h"

#define DATA WL_SHARED_DIR "/data/"

static const char retail[] = "- name: orders\n"
                             "  user: CustomerID\n"
                             "  time: InvoiceDate\n"
                             "  where: \"CustomerID != ''\"\n"
                             "  event:\n"
                             "    - {if: 'Quantity < 0', name: Order Refunded}\n"
                             "    - {name: Order Completed}\n"
                             "  value: [Quantity, UnitPrice]\n"
                             "  properties: {item: StockCode, invoice: InvoiceNo}\n";

static void test_online_retail(void)
{
    struct ingest_case one;

    case_init(&one, retail);
    CHECK_INT(case_read(&one, DATA "online_retail/online_retail.csv.gz"), WL_OK);
    CHECK_INT(one.report.n_read, 541909);
    CHECK_INT(one.report.n_filtered, 135080);
    CHECK_INT(one.report.n_rejected, 0);
    CHECK_INT(one.report.n_accepted + one.report.n_duplicates, 406829);
    CHECK_INT(one.report.n_users, 4372);
    CHECK_INT(one.company->events.n_events, one.report.n_events);
    struct wl_event first = wl_company_event(one.company, 0);
    CHECK_INT(first.value_e4, 153000); // 6 * 2.55
    uint64_t digest = company_digest(one.company);
    CHECK_INT(case_read(&one, DATA "online_retail/online_retail.csv.gz"), WL_OK);
    CHECK_INT(one.report.n_events, 0); // the same file again adds nothing
    CHECK(company_digest(one.company) == digest);
    case_release(&one);
}

static void test_cdnow(void)
{
    struct ingest_case one;

    case_init(&one, "- name: purchases\n"
                    "  delimiter: whitespace\n"
                    "  user: customer_id\n"
                    "  time: date\n"
                    "  time_format: ymd\n"
                    "  event: [{name: Order Completed}]\n"
                    "  value: dollar_value\n"
                    "  properties: {cds: number_of_cds}\n");
    CHECK_INT(case_read(&one, DATA "cdnow/CDNOW_master.txt"), WL_OK);
    CHECK_STR(one.error.message, "");
    CHECK_INT(one.report.n_read, 69659);
    CHECK_INT(one.report.n_rejected, 0);
    CHECK_INT(one.report.n_duplicates, 255); // equal lines of the file
    CHECK_INT(one.report.n_users, 23570);
    case_release(&one);
}

static size_t count_kind(const struct wl_company *company, const char *name,
                         enum wl_value_kind kind)
{
    uint32_t key = wl_dict_find(&company->attribute_names, wl_str_from(name));
    size_t n = 0;

    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        n += company->attributes.items[i].key == key && company->attributes.items[i].kind == kind;
    }
    return n;
}

static void test_telco(void)
{
    struct ingest_case one;

    case_init(&one, "- name: customers\n"
                    "  kind: customers\n"
                    "  user: customerID\n"
                    "  known_at: \"2018-01-01\"\n"
                    "  bool: [SeniorCitizen]\n");
    CHECK_INT(case_read(&one, DATA "ibm_telco_churn/Telco-Customer-Churn.csv"), WL_OK);
    CHECK_STR(one.error.message, "");
    CHECK_INT(one.report.n_accepted, 7043);
    CHECK_INT(one.report.n_users, 7043);
    CHECK_INT(one.report.n_attributes, 7043 * 20);
    CHECK_INT(one.report.n_mixed, 0);
    CHECK_INT(count_kind(one.company, "TotalCharges", WL_VALUE_MISSING), 11);
    CHECK_INT(count_kind(one.company, "TotalCharges", WL_VALUE_NUMBER), 7032);
    CHECK_INT(count_kind(one.company, "SeniorCitizen", WL_VALUE_BOOL), 7043);
    CHECK_INT(count_kind(one.company, "Churn", WL_VALUE_STRING), 7043);
    case_release(&one);
}

static void test_sparkify(void)
{
    struct ingest_case one;
    uint64_t n_read = 0;
    uint64_t n_filtered = 0;
    uint64_t n_rejected = 0;

    case_init(&one, "- name: log\n"
                    "  format: ndjson\n"
                    "  user: userId\n"
                    "  where: \"userId != ''\"\n"
                    "  time: ts\n"
                    "  time_format: epoch_ms\n"
                    "  event: page\n"
                    "  value: length\n"
                    "  properties: {level: level, song: song}\n");
    for (int day = 1; day <= 30; day++) {
        char path[512];
        (void)snprintf(path, sizeof(path),
                       DATA "sparkify_log_nov2018/log_data/2018-11-%02d-events.json", day);
        CHECK_INT(case_read(&one, path), WL_OK);
        n_read += one.report.n_read;
        n_filtered += one.report.n_filtered;
        n_rejected += one.report.n_rejected;
    }
    CHECK_INT(n_read, 8056);
    CHECK_INT(n_filtered, 286);
    CHECK_INT(n_rejected, 0);
    CHECK_INT(one.report.n_users, 97);
    CHECK_INT(one.company->event_names.n_strings, 12); // "Login" comes without a user
    case_release(&one);
}

int main(void)
{
    if (!wl_file_exists(DATA "online_retail/online_retail.csv.gz")) {
        fprintf(stderr, "skipped: no data in %s\n", DATA);
        return 77;
    }
    RUN(test_online_retail);
    RUN(test_cdnow);
    RUN(test_telco);
    RUN(test_sparkify);
    return check_report();
}
