/* Words of leavers and of stayers. The two groups are those of the date that the model was judged
 * on, and only texts known by then count: words that are said on the way out would explain nothing
 * beforehand. */
#include "journey_voice.h"

#include "base/clock.h"
#include "base/file.h"
#include "text/contrast.h"
#include "text/phrase.h"

#include <math.h>
#include <string.h>

#define RECENT_US   (90 * WL_DAY_US)
#define WORDS_EACH  8   /* of either side: what a person reads */
#define MIN_DF      5   /* texts; rarer words are anecdotes */
#define ABSORB      0.7 /* a word so often inside one phrase is shown as that phrase */
#define GROUP_OTHER 2

/* Everything that is needed while words are compared. */
struct words {
    struct wl_segmenter *segmenter;
    struct wl_stop_words stop;
    struct wl_corpus corpus;
    struct wl_phrases phrases;
    struct wl_term_matrix matrix;
    struct wl_labels labels;
    uint8_t *group; /* (n_texts of the corpus) 0 leaver, 1 stayer */
    size_t n_group[2];
    uint32_t *n_texts_of;
    bool *skip;
    struct wl_contrast *found;
    size_t n_found;
};

static void release(struct words *words, const wl_alloc *alloc)
{
    wl_alloc_free(alloc, words->found);
    wl_labels_release(&words->labels);
    wl_term_matrix_release(&words->matrix);
    wl_phrases_release(&words->phrases);
    wl_corpus_release(&words->corpus);
    wl_stop_words_release(&words->stop);
    wl_segmenter_close(words->segmenter);
    *words = (struct words){0};
}

static wl_status add_texts(struct words *words, const struct wl_company *company, int64_t date_us,
                           wl_error *error)
{
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        bool is_known = text->text_us <= date_us && text->received_us <= date_us &&
                        text->text_us > date_us - RECENT_US;
        size_t label = is_known ? wl_labels_find(&words->labels, text->user, date_us) : SIZE_MAX;
        if (label == SIZE_MAX) {
            continue;
        }
        bool leaves = words->labels.status[label] == WL_LABEL_POSITIVE;
        if (!leaves && words->labels.status[label] != WL_LABEL_NEGATIVE) {
            continue;
        }
        WL_TRY(wl_corpus_add(&words->corpus, text->body, error));
        words->group[words->corpus.n_texts - 1] = leaves ? 0 : 1;
        words->n_group[leaves ? 0 : 1]++;
    }
    wl_corpus_settle(&words->corpus);
    return WL_OK;
}

static wl_status compare(struct words *words, struct wl_arena *arena, const wl_alloc *alloc,
                         wl_error *error)
{
    struct wl_phrase_options phrases;
    struct wl_contrast_options options = {.min_df = MIN_DF, .prior = WL_CONTRAST_PRIOR};

    wl_phrase_options_init(&phrases);
    phrases.n_min = MIN_DF;
    WL_TRY(wl_phrases_find(&words->corpus, &phrases, &words->phrases, error));
    WL_TRY(wl_phrases_matrix(&words->phrases, &words->matrix, error));
    size_t n_units = words->matrix.n_terms;
    words->n_texts_of = wl_arena_zeroed(arena, n_units + 1, sizeof(*words->n_texts_of));
    words->skip = wl_arena_zeroed(arena, n_units + 1, sizeof(*words->skip));
    if (words->n_texts_of == NULL || words->skip == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu words", n_units);
    }
    wl_term_matrix_texts(&words->matrix, NULL, 0, words->n_texts_of);
    wl_phrases_absorb(&words->phrases, words->n_texts_of, ABSORB, n_units, words->skip);
    return wl_contrast_rank(alloc, &words->matrix, words->group, words->skip, &options,
                            &words->found, &words->n_found, error);
}

static wl_status keep(struct words *words, struct wl_arena *arena, struct wl_report_voice *voice,
                      wl_error *error)
{
    struct wl_voice_word *kept = wl_arena_zeroed(arena, 2 * WORDS_EACH, sizeof(*kept));
    struct wl_buf name;
    size_t n_of[2] = {0, 0};
    wl_status status = WL_OK;

    wl_buf_init(&name, arena->alloc, 0);
    for (size_t i = 0; i < words->n_found && kept != NULL; i++) {
        const struct wl_contrast *one = &words->found[i];
        int side = one->low > 0.0 ? 0 : 1;
        bool is_sure = (one->low > 0.0 || one->high < 0.0) && one->p_adjusted < WL_CONTRAST_LEVEL;
        // Those of stayers stand at the end, the surest last.
        bool is_near_end = side == 0 || words->n_found - i <= WORDS_EACH;
        if (!is_sure || !is_near_end || n_of[side] == WORDS_EACH) {
            continue;
        }
        wl_buf_clear(&name);
        wl_phrases_name(&words->phrases, one->term, &name);
        WL_GO(wl_buf_check(&name, error));
        const char *text = wl_arena_string(arena, wl_buf_view(&name));
        if (text == NULL) {
            kept = NULL;
            break;
        }
        n_of[side]++;
        kept[voice->n_words++] =
            (struct wl_voice_word){.word = {.data = text, .n_bytes = name.n_bytes},
                                   .n_leavers = one->counts.n_with[0],
                                   .n_stayers = one->counts.n_with[1],
                                   .odds = exp(one->log_odds),
                                   .low = exp(one->low),
                                   .high = exp(one->high)};
    }
    if (kept == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for words");
    }
    voice->words = kept;
done:
    wl_buf_release(&name);
    return status;
}

wl_status wl_voice_words(struct wl_journey *journey, struct wl_arena *arena,
                         struct wl_report_voice *voice, wl_error *error)
{
    const struct wl_run *run = &journey->run;
    const struct wl_company *company = journey->company;
    struct words words = {0};
    wl_status status = WL_OK;

    if (!journey->has_churn || journey->dates.n_test == 0 || company->texts.n_texts == 0) {
        return WL_OK;
    }
    int64_t date_us = journey->dates.test_us[journey->dates.n_test - 1];
    if (run->dictionary != NULL && wl_file_exists(run->dictionary)) {
        WL_GO(wl_segmenter_open(run->dictionary, run->alloc, &words.segmenter, error));
    }
    WL_GO(wl_stop_words_init(&words.stop, run->alloc, error));
    struct wl_analyser analyser = {.segmenter = words.segmenter, .stop = &words.stop};
    WL_GO(wl_corpus_init(&words.corpus, run->alloc, &analyser, error));
    wl_term_matrix_init(&words.matrix, run->alloc);
    words.group = wl_arena_zeroed(arena, company->texts.n_texts + 1, 1);
    if (words.group == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu texts", company->texts.n_texts);
        goto done;
    }
    WL_GO(wl_labels_build(&journey->churn, company, &date_us, 1, &words.labels, NULL, error));
    WL_GO(add_texts(&words, company, date_us, error));
    if (words.n_group[0] >= MIN_DF && words.n_group[1] >= MIN_DF) {
        WL_GO(compare(&words, arena, run->alloc, error));
        WL_GO(keep(&words, arena, voice, error));
    }
done:
    release(&words, run->alloc);
    return status;
}
