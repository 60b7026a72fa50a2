/* Goal:   lines of a corpus are read and written to the same bytes; attributes outside the list,
 *         and whatever cannot be written back, are refused; the starter corpus reads, holds out
 *         whole templates, and has no section left in it; the card is read back; a model trained on
 *         a few lines writes them again, with the slots it must have.
 * Method: a table of lines; the built-in library in both languages; a tiny model of four lines. */
#include "check.h"

#include "base/file.h"
#include "compose/script_train.h"

static wl_error fault;
static struct wl_text_list allowed;

static void test_lines(void)
{
    static const struct {
        const char *line;
        wl_status want;
        const char *written; // NULL: as read
    } cases[] = {
        {"[男性,高消费] 您好，{{user.name}}", WL_OK, NULL},
        {"[price] Hello", WL_OK, NULL},
        {"[ price ， sms ]Hello  ", WL_OK, "[price,sms] Hello"},
        {"[price] [x] is text", WL_OK, NULL},
        {"[price]", WL_EPARSE, NULL},
        {"[price] ", WL_EPARSE, NULL},
        {"price] x", WL_EPARSE, NULL},
        {"[price x", WL_EPARSE, NULL},
        {"[] x", WL_EPARSE, NULL},
        {"[price,] x", WL_EPARSE, NULL},
        {"[price,price] x", WL_EPARSE, NULL},
        {"[[price] x", WL_EPARSE, NULL},
        {"[{price}] x", WL_EPARSE, NULL},
        {"[pri\tce] x", WL_EPARSE, NULL},
        {"[price] \xff", WL_EPARSE, NULL},
        {"[lottery winner] x", WL_ERANGE, NULL},
        {"", WL_EPARSE, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_script_line line = {0};
        struct wl_script_line again = {0};
        struct wl_buf buf;
        wl_status status = wl_script_line_read(wl_str_from(cases[i].line), &allowed, &line, &fault);
        if (status != cases[i].want) {
            fprintf(stderr, "\"%s\": %s\n", cases[i].line, fault.message);
        }
        CHECK_INT(status, cases[i].want);
        if (status != WL_OK) {
            CHECK_INT(line.n_attributes, 0);
            continue;
        }
        wl_buf_init(&buf, wl_alloc_default(), 0);
        wl_script_line_write(&line, &buf);
        CHECK_VIEW(wl_buf_view(&buf), cases[i].written != NULL ? cases[i].written : cases[i].line);
        CHECK_INT(wl_script_line_read(wl_buf_view(&buf), &allowed, &again, &fault), WL_OK);
        CHECK_INT(again.n_attributes, line.n_attributes);
        CHECK(wl_str_equal(again.text, line.text));
        wl_buf_release(&buf);
    }
}

static void test_list_of_attributes(void)
{
    struct wl_text_list list;

    wl_text_list_init(&list, wl_alloc_default());
    CHECK_INT(wl_attributes_read(WL_STR("# ours\n\n a \nb\na\n"), &list, &fault), WL_OK);
    CHECK_INT(list.n, 2);
    CHECK(wl_text_list_has(&list, WL_STR("a")) && !wl_text_list_has(&list, WL_STR("c")));
    CHECK_INT(wl_attributes_read(WL_STR("c\nd,e\n"), &list, &fault), WL_EPARSE);
    CHECK(strstr(fault.message, "line 2") != NULL);
    wl_text_list_release(&list);
}

static void test_starter_corpus(void)
{
    struct wl_library library = {0};
    struct wl_buf lines;
    struct wl_buf held_out;
    struct wl_corpus_facts facts = {0};
    const struct wl_corpus_options options = {
        .channels = 0xE, .languages = 3, .holdout = 0.2, .seed = 1};
    size_t n = 0;

    wl_buf_init(&lines, wl_alloc_default(), 0);
    wl_buf_init(&held_out, wl_alloc_default(), 0);
    CHECK_INT(wl_library_open(NULL, wl_alloc_default(), &library, &fault), WL_OK);
    CHECK_INT(
        wl_script_corpus(&library, wl_alloc_default(), &options, &lines, &held_out, &facts, &fault),
        WL_OK);
    fprintf(stderr, "%zu templates, %zu texts, %zu lines, %zu of them held out\n",
            facts.n_templates, facts.n_texts, facts.n_lines, facts.n_held_out);
    CHECK(facts.n_templates > 30 && facts.n_texts > facts.n_templates && facts.n_held_out > 0);
    const struct wl_buf *const files[2] = {&lines, &held_out};
    for (size_t i = 0; i < 2; i++) {
        struct wl_str rest = wl_buf_view(files[i]);
        while (rest.n_bytes > 0) {
            struct wl_script_line line;
            CHECK_INT(wl_script_line_read(wl_str_cut(&rest, '\n'), &allowed, &line, &fault), WL_OK);
            CHECK(line.n_attributes == 4);
            CHECK(memchr(line.text.data, '#', line.text.n_bytes) == NULL);
            n++;
        }
    }
    CHECK_INT(n, facts.n_lines);
    wl_library_release(&library);
    wl_buf_release(&lines);
    wl_buf_release(&held_out);
}

static void test_card(void)
{
    struct wl_script_card card;
    struct wl_script_card again;
    struct wl_buf buf;

    wl_script_card_init(&card, wl_alloc_default());
    wl_script_card_init(&again, wl_alloc_default());
    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_text_list_add(&card.attributes, WL_STR("高消费"), &fault), WL_OK);
    CHECK_INT(wl_script_slots(WL_STR("a {{x}} {{y.z}} {{}} {{x}} {{w"), &card.slots, &fault),
              WL_OK);
    CHECK_INT(card.slots.n, 2);
    wl_script_card_write(&card, &buf);
    CHECK_INT(wl_script_card_read(wl_buf_view(&buf), &again, &fault), WL_OK);
    CHECK_INT(again.slots.n, 2);
    CHECK(wl_text_list_has(&again.attributes, WL_STR("高消费")));
    CHECK_INT(wl_script_card_read(WL_STR("{\"version\":2}"), &again, &fault), WL_EVERSION);
    CHECK_INT(wl_script_card_read(WL_STR("{\"version\":1}"), &again, &fault), WL_EPARSE);
    CHECK_INT(wl_script_card_read(WL_STR("{"), &again, &fault), WL_EPARSE);
    wl_script_card_release(&card);
    wl_script_card_release(&again);
    wl_buf_release(&buf);
}

static const char *const few[] = {
    "[price] Hi {{user.name}}, a quieter plan is waiting for you.",
    "[bugs] Sorry {{user.name}}, it is mended now.",
    "[价格敏感] {{user.name}}您好，为您准备了{{offer.name}}。",
    "[故障] {{user.name}}您好，问题已经修好了。",
    "[lottery winner] never read",
};

// The draft for one attribute, greedily.
static void check_draft(struct wl_script_model *model, const char *attributes, const char *want)
{
    struct wl_script_request request = {.generate = wl_generate_options_default()};
    struct wl_drafts drafts = {0};
    struct wl_library library = {0};
    struct wl_findings findings;

    wl_findings_init(&findings, wl_alloc_default());
    CHECK_INT(wl_attributes_parse(wl_str_from(attributes), &model->card.attributes, &request.line,
                                  &fault),
              WL_OK);
    CHECK_INT(wl_script_model_draft(model, &request, &drafts, &fault), WL_OK);
    CHECK_INT(drafts.n, 1);
    CHECK_VIEW(drafts.items[0].text, want);
    CHECK_INT(drafts.items[0].end, WL_ENDED_BY_TOKEN);
    CHECK_INT(drafts.items[0].broken.n_bytes, 0);
    CHECK_INT(wl_draft_lint(&drafts.items[0], wl_alloc_default(), WL_CHANNEL_PUSH,
                            attributes[0] == 'p' || attributes[0] == 'b' ? WL_LANGUAGE_EN
                                                                         : WL_LANGUAGE_ZH,
                            &library, &findings, &fault),
              WL_OK);
    CHECK_INT(findings.n_items, 0);
    wl_findings_release(&findings);
    wl_library_release(&library);
    wl_drafts_release(&drafts);
}

static void check_required(struct wl_script_model *model)
{
    static const struct wl_str slot = {"{{offer.name}}", 14};
    struct wl_script_request request = {.generate = wl_generate_options_default(),
                                        .required = &slot,
                                        .n_required = 1,
                                        .template_ = WL_STR("Hi {{user.name}}, ___ Bye.")};
    struct wl_drafts drafts = {0};

    request.generate.n_new_max = 40;
    CHECK_INT(wl_attributes_parse(WL_STR("price"), NULL, &request.line, &fault), WL_OK);
    CHECK_INT(wl_script_model_draft(model, &request, &drafts, &fault), WL_OK);
    if (drafts.n > 0) {
        struct wl_str text = drafts.items[0].text;
        fprintf(stderr, "%.*s\n", WL_STR_ARG(text));
        CHECK(text.n_bytes > 23 && memcmp(text.data, "Hi {{user.name}}, ", 18) == 0);
        CHECK(memcmp(text.data + text.n_bytes - 5, " Bye.", 5) == 0);
        CHECK_INT(drafts.items[0].broken.n_bytes, 0);
    }
    wl_drafts_release(&drafts);
}

static void test_learns_a_few_lines(void)
{
    struct wl_script_corpus corpus;
    struct wl_script_corpus none;
    struct wl_script_train_options options = {.train = wl_gpt_train_options_default(),
                                              .n_threads = 1,
                                              .is_loss_on_text = true,
                                              .adds_slots = true};
    struct wl_script_train_result result;
    struct wl_script_model model = {.alloc = wl_alloc_default(), .has_card = true};
    struct wl_gpt_tokenizer *tokenizer = NULL;
    struct wl_gpt_config shape = wl_gpt_shape_default();
    struct wl_str texts[COUNT(few)];

    wl_script_corpus_init(&corpus, wl_alloc_default());
    wl_script_corpus_init(&none, wl_alloc_default());
    wl_script_card_init(&model.card, wl_alloc_default());
    for (size_t i = 0; i < COUNT(few); i++) {
        texts[i] = wl_str_from(few[i]);
        CHECK_INT(wl_script_corpus_add(&corpus, texts[i], i + 1, &allowed, &fault), WL_OK);
    }
    CHECK_INT(corpus.n, 4);
    CHECK_INT(corpus.n_rejected, 1);
    CHECK_INT(corpus.first_rejected, 5);
    CHECK_INT(corpus.why.status, WL_ERANGE);
    CHECK_INT(wl_gpt_tokenizer_learn(wl_alloc_default(), texts, 4, 300, &tokenizer, &fault), WL_OK);
    shape.shape.n_channels = 32;
    shape.shape.n_inner = 64;
    shape.shape.n_layers = 2;
    shape.n_positions = 96;
    shape.dropout = shape.attention_dropout = 0.0F;
    CHECK_INT(wl_gpt_folder_new(wl_alloc_default(), tokenizer, &shape, 1, &model.folder, &fault),
              WL_OK);
    options.train.n_epochs = 150;
    options.train.optimizer.rate = 5e-3;
    CHECK_INT(wl_script_train(model.folder, &corpus, &none, &options, &model.card, &result, &fault),
              WL_OK);
    CHECK_INT(result.n_train, 4);
    CHECK(result.train.train_loss < 0.2);
    CHECK_INT(model.card.attributes.n, 4);
    CHECK_INT(model.card.slots.n, 2);
    check_draft(&model, "price", "Hi {{user.name}}, a quieter plan is waiting for you.");
    check_draft(&model, "bugs", "Sorry {{user.name}}, it is mended now.");
    check_draft(&model, "价格敏感", "{{user.name}}您好，为您准备了{{offer.name}}。");
    check_draft(&model, "故障", "{{user.name}}您好，问题已经修好了。");
    check_required(&model);
    wl_script_model_close(&model);
    wl_script_corpus_release(&corpus);
    wl_script_corpus_release(&none);
}

// No text of the library repeats itself; what a model said that had lost its way does.
static void test_repeats(void)
{
    static const char *const lost[] = {
        "{{brand}}{{brand}}{{brand}}"
        "用的功能，，，，，能，，，，打开的功能，，，，，能，，，，，，，，，能，能",
        "see STOP to see STOP to opt see STOP to see STOP to opt see STOP to see STOP to opt out",
    };
    struct wl_library library = {0};
    struct wl_buf lines;
    struct wl_buf none;
    struct wl_corpus_facts facts;
    const struct wl_corpus_options options = {.channels = 0xF, .languages = 3};

    wl_buf_init(&lines, wl_alloc_default(), 0);
    wl_buf_init(&none, wl_alloc_default(), 0);
    CHECK_INT(wl_library_open(NULL, wl_alloc_default(), &library, &fault), WL_OK);
    CHECK_INT(
        wl_script_corpus(&library, wl_alloc_default(), &options, &lines, &none, &facts, &fault),
        WL_OK);
    struct wl_str rest = wl_buf_view(&lines);
    struct wl_str last = {0};
    while (rest.n_bytes > 0) {
        struct wl_script_line line;
        CHECK_INT(wl_script_line_read(wl_str_cut(&rest, '\n'), NULL, &line, &fault), WL_OK);
        CHECK(wl_str_equal(line.text, last) || !wl_draft_repeats(line.text));
        last = line.text;
    }
    for (size_t i = 0; i < COUNT(lost); i++) {
        CHECK(wl_draft_repeats(wl_str_from(lost[i])));
    }
    CHECK(!wl_draft_repeats(WL_STR("")) && !wl_draft_repeats(WL_STR("aaaaaaaaaaaaaaaaa")));
    wl_library_release(&library);
    wl_buf_release(&lines);
    wl_buf_release(&none);
}

int main(void)
{
    wl_text_list_init(&allowed, wl_alloc_default());
    CHECK_INT(wl_attributes_builtin(&allowed, &fault), WL_OK);
    RUN(test_lines);
    RUN(test_list_of_attributes);
    RUN(test_starter_corpus);
    RUN(test_card);
    RUN(test_repeats);
    RUN(test_learns_a_few_lines);
    wl_text_list_release(&allowed);
    return check_report();
}
