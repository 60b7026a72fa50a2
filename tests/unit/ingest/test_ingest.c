/* Goal:   good rows become the right records; every kind of bad row is counted, written down
 *         without the customer's words, and does no harm; what ends a run says so in one exact
 * line. Method: small files and the exact report, rejects and message. */
#include "ingest_helper.h"

#include "base/clock.h"
#include "company_digest.h"

#include <unistd.h>

#define EVENTS                                                                                     \
    "- {name: e, user: u, time: t, event: n, value: v, properties: {p: p}, received: r}\n"

// Reads text as a file of the given name; rejects go to memory's file beside it.
static wl_status read_text(struct ingest_case *one, const char *name, const char *text)
{
    const char *path = temporary_path(name);
    write_text(path, text);
    return case_read(one, path);
}

static void test_good_rows(void)
{
    struct ingest_case one;

    case_init(&one, EVENTS);
    CHECK_INT(read_text(&one, "good.csv",
                        "\xEF\xBB\xBFu,t,n,v,p,r\r\n"
                        " a ,2024-01-02T03:04:05Z,Buy,1.25,red,2024-01-02T04:00:00Z\r\n"
                        "b,2024-01-03,Buy,,,2024-01-02\r\n"
                        "a,2024-01-02T03:04:05Z,Buy,1.25,red,2024-01-02T03:30:00Z\r\n"),
              WL_OK);
    CHECK_INT(one.report.n_read, 3);
    CHECK_INT(one.report.n_accepted, 2);
    CHECK_INT(one.report.n_duplicates, 1);
    CHECK_INT(one.report.n_skewed, 1);
    struct wl_event event = wl_company_event(one.company, 0);
    CHECK(wl_str_is(wl_dict_string(&one.company->users, event.user), "a"));
    CHECK(wl_str_is(wl_dict_string(&one.company->event_names, event.name), "Buy"));
    CHECK(wl_str_is(wl_dict_string(&one.company->strings, event.props[0]), "red"));
    CHECK_INT(event.value_e4, 12500);
    char text[WL_TIME_TEXT_BYTES];
    CHECK_STR(wl_time_format_iso(event.event_us, text), "2024-01-02T03:04:05Z");
    CHECK_STR(wl_time_format_iso(event.received_us, text), "2024-01-02T03:30:00Z"); // the earlier
    event = wl_company_event(one.company, 1);
    CHECK_INT(event.value_e4, WL_VALUE_NONE);
    CHECK_INT(event.props[0], WL_ID_NONE);
    CHECK_STR(wl_time_format_iso(event.event_us, text), "2024-01-02T00:00:00Z"); // set back
    case_release(&one);
}

static const struct {
    const char *row;
    enum wl_reject reason;
    const char *line; // of the rejects file, behind the file's name
} bad[] = {
    {",2024-01-01,B,1,p,", WL_REJECT_USER_MISSING,
     "\"line\":2,\"column\":\"u\",\"reason\":\"user_missing\"}"},
    {"a,,B,1,p,", WL_REJECT_TIME_MISSING,
     "\"line\":2,\"column\":\"t\",\"reason\":\"time_missing\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-02-30,B,1,p,", WL_REJECT_TIME_IMPOSSIBLE,
     "\"line\":2,\"column\":\"t\",\"reason\":\"time_impossible\",\"value\":\"2024-02-30\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,yesterday,B,1,p,", WL_REJECT_TIME_BAD,
     "\"line\":2,\"column\":\"t\",\"reason\":\"time_bad\",\"value\":\"yesterday\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,the text of a customer that is much too long to be shown,B,1,p,", WL_REJECT_TIME_BAD,
     "\"line\":2,\"column\":\"t\",\"reason\":\"time_bad\",\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-01-01,,1,p,2024-01-01", WL_REJECT_EVENT_MISSING,
     "\"line\":2,\"column\":\"n\",\"reason\":\"event_missing\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-01-01,B,nan,p,2024-01-01", WL_REJECT_VALUE_BAD,
     "\"line\":2,\"column\":\"v\",\"reason\":\"value_bad\",\"value\":\"nan\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-01-01,B,inf,p,2024-01-01", WL_REJECT_VALUE_BAD,
     "\"line\":2,\"column\":\"v\",\"reason\":\"value_bad\",\"value\":\"inf\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-01-01,B,1e12,p,2024-01-01", WL_REJECT_VALUE_RANGE,
     "\"line\":2,\"column\":\"v\",\"reason\":\"value_range\",\"value\":\"1e12\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-01-01,B,1,p,never", WL_REJECT_TIME_BAD,
     "\"line\":2,\"column\":\"r\",\"reason\":\"time_bad\",\"value\":\"never\","
     "\"user_sha256\":\"ca978112ca1bbdca\"}"},
    {"a,2024-01-01,B", WL_REJECT_COLUMNS,
     "\"line\":2,\"column\":null,\"reason\":\"column_count\"}"},
    {"a,\"2024-01-01,B,1,p,", WL_REJECT_UNCLOSED,
     "\"line\":2,\"column\":null,\"reason\":\"quote_unclosed\"}"},
    {"a,\"2024\"-01-01,B,1,p,", WL_REJECT_AFTER_QUOTE,
     "\"line\":2,\"column\":null,\"reason\":\"quote_followed\"}"},
    {"\xFF,2024-01-01,B,1,p,", WL_REJECT_NOT_UTF8,
     "\"line\":2,\"column\":null,\"reason\":\"not_utf8\"}"},
};

static void test_every_kind_of_bad_row(void)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ingest_case one;
        struct wl_rejects rejects;
        struct wl_buf file;
        char text[512];
        char want[1024];
        char rejects_path[512];

        (void)snprintf(rejects_path, sizeof(rejects_path), "%s/bad_rejects.jsonl", WL_BINARY_DIR);
        (void)unlink(rejects_path);
        wl_rejects_init(&rejects, wl_alloc_default(), rejects_path);
        case_init(&one, EVENTS);
        one.options.rejects = &rejects;
        one.options.reject_share_max = 0.5;
        (void)snprintf(text, sizeof(text), "u,t,n,v,p,r\n%s\nok,2024-01-01,B,1,p,2024-01-01\n",
                       bad[i].row);
        CHECK_INT(read_text(&one, "bad.csv", text), WL_OK);
        CHECK_INT(one.report.n_rejected, 1);
        CHECK_INT(one.report.n_by_reason[bad[i].reason], 1);
        CHECK_INT(one.report.n_accepted, 1); // the good row behind it came in
        CHECK_INT(one.company->users.n_strings, 1);
        wl_buf_init(&file, wl_alloc_default(), 0);
        CHECK_INT(wl_file_read(rejects_path, &file, NULL), WL_OK);
        (void)snprintf(want, sizeof(want), "{\"file\":\"%s\",%s\n", temporary_path("bad.csv"),
                       bad[i].line);
        CHECK_STR(file.data, want);
        wl_buf_release(&file);
        wl_rejects_release(&rejects);
        case_release(&one);
    }
}

static const struct {
    const char *name;
    const char *text;
    wl_status status;
    const char *message; // behind the path
} ends[] = {
    {"empty.csv", "", WL_EPARSE, ": file is empty"},
    {"blank.csv", "\n\n", WL_EPARSE, ": file is empty"},
    {"column.csv", "user,t,N,v,p,r\n", WL_ESCHEMA,
     ": no column \"u\" for user; there are user, t, N, v, p, r"},
    {"case.csv", "u,t,N,v,p,r\n", WL_ESCHEMA,
     ": no column \"n\" for event (did you mean \"N\"?); there are u, t, N, v, p, r"},
    {"twice.csv", "u,t,n,v,p,r,t\n", WL_ESCHEMA, ": column \"t\" for time is there 2 times"},
    {"open.csv", "u,\"t,n,v,p,r\n", WL_EPARSE,
     ": line 1 is no header: quote is never closed; is this a CSV file?"},
    {"latin.csv", "\xE9,t,n,v,p,r\n", WL_EPARSE,
     ": line 1 is no header: row is not UTF-8; is this a CSV file?"},
    {"share.csv", "u,t,n,v,p,r\nx,2024-01-01,B,1,p,\n,2024-01-01,B,1,p,\n,2024-01-01,B,1,p,\n",
     WL_EREJECTS,
     ": 3 of 3 rows rejected (100 %, at most 1 % may be); most often: no user id (2, first at line "
     "3)"},
};

static void test_what_ends_a_run(void)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct ingest_case one;
        char want[512];

        case_init(&one, EVENTS);
        CHECK_INT(read_text(&one, ends[i].name, ends[i].text), ends[i].status);
        (void)snprintf(want, sizeof(want), "%s%s", temporary_path(ends[i].name), ends[i].message);
        want[251] = '\0'; // as long as a message may be
        CHECK_STR(one.error.message, want);
        case_release(&one);
    }
}

static void test_header_only_is_fine(void)
{
    struct ingest_case one;

    case_init(&one, EVENTS);
    CHECK_INT(read_text(&one, "header.csv", "u,t,n,v,p,r\n"), WL_OK);
    CHECK_INT(one.report.n_read, 0);
    case_release(&one);
    case_init(&one, EVENTS);
    CHECK_INT(case_read(&one, "/nowhere/x.csv"), WL_ENOTFOUND);
    CHECK_STR(one.error.message, "cannot read /nowhere/x.csv: No such file or directory");
    case_release(&one);
}

// The share is looked at after 1,000 rows: a wrong mapping does not read a long file to its end.
static void test_the_run_stops_early(void)
{
    struct ingest_case one;
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_text(&text, "u,t,n,v,p,r\n");
    for (int i = 0; i < 100000; i++) {
        wl_buf_text(&text, i < 990 ? "a,2024-01-01,B,1,p,2024-01-01\n" : ",,,,,\n");
    }
    case_init(&one, EVENTS);
    CHECK_INT(read_text(&one, "stop.csv", text.data), WL_EREJECTS);
    CHECK_INT(one.report.n_read, 1001);
    CHECK_INT(one.report.n_rejected, 11); // 10 of 1,000 is 1 %, which may be
    case_release(&one);
    wl_buf_release(&text);
}

// A copy of the golden gzip file without its last n_cut bytes.
static void copy_gzip(const char *path, size_t n_cut)
{
    struct wl_buf file;

    wl_buf_init(&file, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(WL_SOURCE_DIR "/tests/golden/ingest/rows.csv.gz", &file, NULL), WL_OK);
    file.n_bytes -= n_cut;
    CHECK_INT(wl_file_write(path, wl_buf_view(&file), NULL), WL_OK);
    wl_buf_release(&file);
}

static wl_status count_flushed(void *context, struct wl_company *company, wl_error *error)
{
    size_t *n_flushed = context;

    (void)error;
    *n_flushed += company->events.n_events;
    return WL_OK;
}

static void test_gzip(void)
{
    struct ingest_case one;
    const char *path = temporary_path("cut.csv.gz");
    size_t n_flushed = 0;

    copy_gzip(path, 0);
    case_init(&one, EVENTS);
    CHECK_INT(case_read(&one, path), WL_OK);
    CHECK_INT(one.report.n_events, 20000);
    case_release(&one);
    copy_gzip(path, 1000);
    case_init(&one, EVENTS);
    one.options.batch_records = 5000;
    one.options.flush = count_flushed;
    one.options.flush_context = &n_flushed;
    CHECK_INT(case_read(&one, path), WL_ECORRUPT);
    CHECK(strstr(one.error.message, "cut.csv.gz: compressed data is cut off after line 1") != NULL);
    CHECK_INT(n_flushed, one.report.n_accepted); // what stood before the damage is kept
    case_release(&one);
}

static void test_same_id_of_two_users(void)
{
    struct ingest_case one;

    case_init(&one, "- {name: e, user: u, time: t, event: n, message_id: m}\n");
    CHECK_INT(read_text(&one, "conflict.csv",
                        "u,t,n,m\na,2024-01-01,B,1\nb,2024-01-01,B,1\na,2024-01-01,B,1\n"
                        "c,2024-01-01,B,1\na,2024-01-01,B,2\n"),
              WL_OK);
    CHECK_INT(one.report.n_events, 4);
    CHECK_INT(one.report.n_duplicates, 1);
    CHECK_INT(one.report.n_conflicts, 2);
    case_release(&one);
}

static void test_rules_and_where(void)
{
    struct ingest_case one;

    case_init(&one, "- name: e\n  delimiter: \";\"\n  columns: [u, t, q, p]\n  user: u\n  time: t\n"
                    "  time_format: epoch_s\n  where: \"u != ''\"\n"
                    "  event: [{if: 'q < 0', name: Refund}, {if: 'q > 0', name: Buy}]\n"
                    "  value: [q, p]\n");
    one.options.reject_share_max = 0.5;
    CHECK_INT(read_text(&one, "rules.csv",
                        "a;1700000000;-2;1.5\na;1700000001;3;0.3333\n;1700000002;1;1\n"
                        "a;1700000003;0;1\na;1700000004;1;\n"),
              WL_OK);
    CHECK_INT(one.report.n_filtered, 1);
    CHECK_INT(one.report.n_by_reason[WL_REJECT_EVENT_UNMATCHED], 1);
    CHECK_INT(one.report.n_events, 3);
    CHECK_INT(wl_company_event(one.company, 0).value_e4, -30000);
    CHECK_INT(wl_company_event(one.company, 1).value_e4, 9999);
    CHECK_INT(wl_company_event(one.company, 2).value_e4, WL_VALUE_NONE);
    case_release(&one);
}

static void test_texts(void)
{
    struct ingest_case one;

    case_init(&one, "- {name: notes, kind: texts, user: u, time: t, text: x, label: l}\n");
    one.options.reject_share_max = 0.5;
    CHECK_INT(read_text(&one, "texts.csv",
                        "u,t,x,l\na,2024-01-01,\"too\nmuch, \"\"really\"\"\",bad\n"
                        "b,2024-01-02,,\nc,2024-01-02,太贵了,\n"),
              WL_OK);
    CHECK_INT(one.report.n_by_reason[WL_REJECT_TEXT_MISSING], 1);
    CHECK_INT(one.company->texts.n_texts, 2);
    const struct wl_text *text = &one.company->texts.texts[0];
    CHECK(wl_str_is(text->body, "too\nmuch, \"really\""));
    CHECK(wl_str_is(wl_dict_string(&one.company->strings, text->channel), "notes"));
    CHECK(wl_str_is(wl_dict_string(&one.company->strings, text->label), "bad"));
    CHECK_INT(one.company->texts.texts[1].label, WL_ID_NONE);
    case_release(&one);
}

static const struct wl_attribute *attribute_of(const struct wl_company *company, const char *user,
                                               const char *name)
{
    uint32_t user_id = wl_dict_find(&company->users, wl_str_from(user));
    uint32_t key = wl_dict_find(&company->attribute_names, wl_str_from(name));

    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *item = &company->attributes.items[i];
        if (item->user == user_id && item->key == key) {
            return item;
        }
    }
    return NULL;
}

static void test_customers(void)
{
    struct ingest_case one;

    case_init(&one, "- {name: c, kind: customers, user: u, known_at: 2024-01-01, drop: junk, bool: "
                    "[vip], category: zip}\n");
    one.options.reject_share_max = 0.5;
    CHECK_INT(read_text(&one, "customers.csv",
                        "u,age,mixed,zip,vip,junk,plan\na,41,1,01234,yes,x,gold\n"
                        "b, ,x,99999,No,y,\nc,5e-1,,1,1,z,silver\nd,4,4,4,maybe,z,gold\n"
                        "a,41,1,01234,yes,x,gold\n"),
              WL_OK);
    CHECK_INT(one.report.n_accepted, 3);
    CHECK_INT(one.report.n_duplicates, 1);
    CHECK_INT(one.report.n_by_reason[WL_REJECT_ATTRIBUTE_BAD], 1);
    CHECK_INT(one.report.n_attributes, 15);
    CHECK_INT(one.report.n_mixed, 1);
    CHECK_STR(one.report.mixed, "mixed");
    CHECK_INT(attribute_of(one.company, "a", "age")->kind, WL_VALUE_NUMBER);
    CHECK_CLOSE(attribute_of(one.company, "c", "age")->number, 0.5, 0);
    CHECK_INT(attribute_of(one.company, "b", "age")->kind, WL_VALUE_MISSING);
    CHECK_INT(attribute_of(one.company, "a", "mixed")->kind, WL_VALUE_STRING);
    CHECK_INT(attribute_of(one.company, "a", "zip")->kind, WL_VALUE_STRING);
    CHECK_INT(attribute_of(one.company, "b", "vip")->kind, WL_VALUE_BOOL);
    CHECK_CLOSE(attribute_of(one.company, "b", "vip")->number, 0.0, 0);
    CHECK(attribute_of(one.company, "a", "junk") == NULL);
    case_release(&one);
    case_init(&one, "- {name: c, kind: customers, user: u, known_at: 2024-01-01, drop: jnk}\n");
    CHECK_INT(read_text(&one, "drop.csv", "u,junk\na,1\n"), WL_ESCHEMA);
    CHECK(strstr(one.error.message, "no column \"jnk\" for drop (did you mean \"junk\"?)") != NULL);
    case_release(&one);
}

static const char calls[] =
    "{\"type\":\"track\",\"userId\":\"a\",\"event\":\"Order Completed\",\"messageId\":\"1\","
    "\"timestamp\":\"2024-01-01T00:00:00Z\",\"properties\":{\"revenue\":12.3,\"plan\":\"gold\"}}\n"
    "\n"
    "{\"type\":\"track\",\"anonymousId\":7,\"event\":\"Feedback Submitted\",\"messageId\":\"2\","
    "\"originalTimestamp\":\"2030-01-01T00:00:00Z\",\"sentAt\":\"2030-01-01T00:00:10Z\","
    "\"receivedAt\":\"2024-01-01T01:00:10Z\",\"properties\":{\"text\":\"太贵了\"}}\n"
    "{\"type\":\"page\",\"userId\":\"a\",\"timestamp\":\"2024-01-02T00:00:00Z\",\"properties\":{"
    "\"amountMinor\":1999}}\n"
    "{\"type\":\"screen\",\"userId\":\"a\",\"timestamp\":1704067200000}\n"
    "{\"type\":\"identify\",\"userId\":\"a\",\"messageId\":\"3\",\"timestamp\":\"2024-01-03\","
    "\"receivedAt\":\"2024-01-04\",\"traits\":{\"age\":41,\"vip\":true,\"address\":{\"city\":"
    "\"Wuhan\"},\"tags\":[1],\"email\":null}}\n"
    "{\"type\":\"alias\",\"userId\":\"a\",\"previousId\":\"b\"}\n"
    "{\"type\":\"group\",\"userId\":\"a\"}\n"
    "{\"type\":\"trick\",\"userId\":\"a\",\"timestamp\":\"2024-01-02T00:00:00Z\"}\n"
    "{\"type\":\"track\",\"userId\":\"a\",\"event\":\"x\",\"timestamp\":\"soon\"}\n"
    "{\"type\":\"track\",\"userId\":\"a\",\"event\":\"x\"}\n"
    "{\"type\":\"track\",\"event\":\"x\"}\n"
    "[1]\n"
    "{\"type\":\n";

static void check_calls(const struct ingest_case *one)
{
    const struct wl_ingest_report *report = &one->report;
    char text[WL_TIME_TEXT_BYTES];

    CHECK_INT(report->n_read, 13);
    CHECK_INT(report->n_accepted, 5);
    CHECK_INT(report->n_events, 4);
    CHECK_INT(report->n_texts, 1);
    CHECK_INT(report->n_attributes, 4);
    CHECK_INT(report->n_skipped_values, 1);
    CHECK_INT(report->n_by_reason[WL_REJECT_CALL_UNSUPPORTED], 2);
    CHECK_INT(report->n_by_reason[WL_REJECT_CALL_UNKNOWN], 1);
    CHECK_INT(report->n_by_reason[WL_REJECT_TIME_BAD], 1);
    CHECK_INT(report->n_by_reason[WL_REJECT_TIME_MISSING], 1);
    CHECK_INT(report->n_by_reason[WL_REJECT_USER_MISSING], 1);
    CHECK_INT(report->n_by_reason[WL_REJECT_NOT_OBJECT], 1);
    CHECK_INT(report->n_by_reason[WL_REJECT_NOT_JSON], 1);
    CHECK_INT(report->first_line[WL_REJECT_NOT_JSON], 14);
    struct wl_event order = wl_company_event(one->company, 0);
    CHECK_INT(order.value_e4, 123000);
    CHECK(wl_str_is(wl_dict_string(&one->company->strings, order.props[0]), "gold"));
    struct wl_event feedback = wl_company_event(one->company, 1);
    CHECK_STR(wl_time_format_iso(feedback.event_us, text), "2024-01-01T01:00:00Z"); // repaired
    CHECK_STR(wl_time_format_iso(feedback.received_us, text), "2024-01-01T01:00:10Z");
    CHECK(wl_str_is(wl_dict_string(&one->company->users, feedback.user), "7"));
    CHECK_INT(wl_company_event(one->company, 2).value_e4, 199900);
    const struct wl_text *said = &one->company->texts.texts[0];
    CHECK(wl_str_is(said->body, "太贵了"));
    CHECK(wl_str_is(wl_dict_string(&one->company->strings, said->channel), "Feedback Submitted"));
    CHECK(said->message_key == feedback.message_key);
    CHECK_STR(wl_time_format_iso(attribute_of(one->company, "a", "age")->known_us, text),
              "2024-01-04T00:00:00Z");
    CHECK_INT(attribute_of(one->company, "a", "vip")->kind, WL_VALUE_BOOL);
    CHECK_INT(attribute_of(one->company, "a", "email")->kind, WL_VALUE_MISSING);
    CHECK_INT(attribute_of(one->company, "a", "address.city")->kind, WL_VALUE_STRING);
}

static void test_segment_calls(void)
{
    struct ingest_case one;

    case_init(&one, "- {name: app, format: segment, properties: {plan: properties.plan}}\n");
    one.options.reject_share_max = 1.0;
    CHECK_INT(read_text(&one, "calls.ndjson", calls), WL_OK);
    CHECK_STR(one.error.message, "");
    check_calls(&one);
    uint64_t digest = company_digest(one.company);
    CHECK_INT(case_read(&one, temporary_path("calls.ndjson")), WL_OK); // the same file again
    CHECK_INT(one.report.n_events + one.report.n_texts, 0);
    one.company->attributes.n_attributes = 4; // attributes are told apart in the store
    CHECK(company_digest(one.company) == digest);
    case_release(&one);
}

// ING-1: one company in three forms gives the same records, bit for bit.
static void test_forms_agree(void)
{
    static const char *const yaml[] = {
        "- {name: e, user: u, time: t, event: n, value: v, message_id: m, properties: {p: p}}\n",
        ("- {format: ndjson, name: e, user: u, time: t, event: n, value: v, message_id: m,\n"
         "   properties: {p: p}}\n"),
        "- {name: e, format: segment, properties: {p: properties.p}}\n"};
    static const char csv[] =
        "u,t,n,v,m,p\na,2024-01-01T00:00:01Z,Buy,12.3,1,7\nb,2024-01-02T00:00:00Z,Go,,2,\n";
    static const char ndjson[] =
        "{\"u\":\"a\",\"t\":\"2024-01-01T00:00:01Z\",\"n\":\"Buy\",\"v\":12.3,\"m\":1,\"p\":7}\n"
        "{\"u\":\"b\",\"t\":\"2024-01-02T00:00:00Z\",\"n\":\"Go\",\"v\":null,\"m\":\"2\"}\n";
    static const char segment[] =
        "{\"type\":\"track\",\"userId\":\"a\",\"timestamp\":\"2024-01-01T00:00:01Z\",\"event\":"
        "\"Buy\",\"messageId\":\"1\",\"properties\":{\"value\":12.3,\"p\":7}}\n"
        "{\"type\":\"track\",\"userId\":\"b\",\"timestamp\":\"2024-01-02T00:00:00Z\",\"event\":"
        "\"Go\",\"messageId\":\"2\"}\n";
    const char *const text[] = {csv, ndjson, segment};
    uint64_t digests[3];

    for (size_t i = 0; i < 3; i++) {
        struct ingest_case one;
        case_init(&one, yaml[i]);
        CHECK_INT(read_text(&one, "forms", text[i]), WL_OK);
        CHECK_INT(one.report.n_events, 2);
        digests[i] = company_digest(one.company);
        case_release(&one);
    }
    CHECK(digests[0] == digests[1]);
    CHECK(digests[0] == digests[2]);
}

static void test_report(void)
{
    struct ingest_case one;
    struct wl_ingest_report total;
    struct wl_buf text;

    case_init(&one, EVENTS);
    one.options.reject_share_max = 0.5;
    CHECK_INT(read_text(&one, "report.csv",
                        "u,t,n,v,p,r\na,2024-01-01,B,1,p,2024-01-05\n,2024-01-01,B,1,p,\n"),
              WL_OK);
    wl_ingest_report_init(&total);
    wl_ingest_report_add(&total, &one.report);
    wl_ingest_report_add(&total, &one.report);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_ingest_report_json(&total, &text);
    CHECK_STR(text.data,
              "{\"read\":4,\"accepted\":2,\"duplicates\":0,\"filtered\":0,\"rejected\":2,"
              "\"reasons\":{\"user_missing\":2},\"events\":2,\"texts\":0,"
              "\"attributes\":0,\"conflicts\":0,\"skewed\":0,\"skipped_values\":0,"
              "\"mixed_columns\":0,\"users\":1,\"first\":\"2024-01-01T00:00:00Z\","
              "\"last\":\"2024-01-01T00:00:00Z\"}");
    wl_buf_clear(&text);
    wl_ingest_report_text(&one.report, "en", &text);
    CHECK_STR(text.data, "2 rows: 1 accepted, 0 duplicates, 0 filtered, 1 rejected\n"
                         "  1 rejected: no user id (first at line 3)\n"
                         "1 users: 1 events, 0 texts, 0 attribute values\n"
                         "from 2024-01-01 to 2024-01-01\n");
    wl_buf_clear(&text);
    wl_ingest_report_text(&one.report, "zh", &text);
    CHECK_STR(text.data, "读入 2 行：接受 1，重复 0，过滤 0，拒绝 1\n"
                         "  拒绝 1 行：缺少用户编号（首见第 3 行）\n"
                         "1 个用户：1 条事件，0 条文本，0 个属性值\n"
                         "时间从 2024-01-01 到 2024-01-01\n");
    wl_buf_release(&text);
    case_release(&one);
}

static wl_status ingest_all(struct ingest_case *cases, const char *const *paths, size_t n,
                            const wl_alloc *alloc)
{
    struct wl_company *company = NULL;
    struct wl_rejects rejects;
    wl_status status = wl_company_new(alloc, &company, NULL);

    wl_rejects_init(&rejects, alloc, WL_BINARY_DIR "/fault_rejects.jsonl");
    for (size_t i = 0; i < n && status == WL_OK; i++) {
        cases[i].options.rejects = &rejects;
        cases[i].options.reject_share_max = 1.0;
        status = wl_ingest_file(cases[i].source, paths[i], &cases[i].options, company,
                                &cases[i].report, NULL);
    }
    wl_rejects_release(&rejects);
    wl_company_free(company);
    return status;
}

static void test_survives_every_failed_allocation(void)
{
    static const char *const paths[] = {WL_BINARY_DIR "/bad.csv", WL_BINARY_DIR "/texts.csv",
                                        WL_BINARY_DIR "/customers.csv",
                                        WL_BINARY_DIR "/calls.ndjson"};
    struct ingest_case cases[4];

    case_init(&cases[0], EVENTS);
    case_init(&cases[1], "- {name: notes, kind: texts, user: u, time: t, text: x, label: l}\n");
    case_init(&cases[2], "- {name: c, kind: customers, user: u, known_at: 2024-01-01}\n");
    case_init(&cases[3], "- {name: app, format: segment, properties: {plan: properties.plan}}\n");
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = ingest_all(cases, paths, 4, &heap.alloc);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 50);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    for (size_t i = 0; i < 4; i++) {
        case_release(&cases[i]);
    }
}

int main(void)
{
    RUN(test_good_rows);
    RUN(test_every_kind_of_bad_row);
    RUN(test_what_ends_a_run);
    RUN(test_header_only_is_fine);
    RUN(test_the_run_stops_early);
    RUN(test_gzip);
    RUN(test_same_id_of_two_users);
    RUN(test_rules_and_where);
    RUN(test_texts);
    RUN(test_customers);
    RUN(test_segment_calls);
    RUN(test_forms_agree);
    RUN(test_report);
    RUN(test_survives_every_failed_allocation);
    return check_report();
}
