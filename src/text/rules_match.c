/* Running rules over one text: fold it, walk the automaton once, then look at what was found.
 *
 * 1. fold     the normalised text, so that punctuation and blanks compare; it never grows.
 * 2. find     every term, with the clause and sentence it stands in.
 * 3. silence  terms inside a longer term: "不好" keeps "好" from counting, and a list of words to
 *             ignore is nothing but terms without rules.
 * 4. count    each term for its rules: negation and emphasis from the few terms before it, in the
 *             same clause; rules that want several words are settled where their scope ends.
 *
 * Nothing is allocated once the scratch has grown to the longest text. What is remembered of a rule
 * is zero again when a text is done, because classifiers share the scratch. */
#include "text/rules_inside.h"

#include <string.h>

/* -- 1. folding -- */

struct folder {
    char *out;
    size_t n_out;
    bool has_blank; // blanks were seen and not written yet
};

static bool is_latin(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static void put_blank(struct folder *f, unsigned char next)
{
    unsigned char last = f->n_out > 0 ? (unsigned char)f->out[f->n_out - 1] : '\n';

    if (f->has_blank && last != '\n' && next != '\n') {
        if (last < 0x80 && next < 0x80) {
            f->out[f->n_out++] = ' ';
        } else if (last >= 0x80 && next >= 0x80) {
            f->out[f->n_out++] = ','; // Chinese has no blanks between words: a pause is meant
        }
    }
    f->has_blank = false;
}

static void put_ascii(struct folder *f, unsigned char byte)
{
    if (byte == ' ') {
        f->has_blank = true;
    } else if (byte >= 0x20 || byte == '\n') {
        put_blank(f, byte);
        f->out[f->n_out++] = (char)byte;
    }
}

// Punctuation that normalising leaves as it is: an ASCII byte, 0xFF for everything else.
static unsigned char fold_wide(uint32_t code)
{
    switch (code) {
    case 0x2018:
    case 0x2019: return '\'';
    case 0x201C:
    case 0x201D:
    case 0x300C:
    case 0x300D: return '"';
    case 0x2010:
    case 0x2011:
    case 0x2013:
    case 0x2014: return '-';
    case 0x3001: return ',';
    case 0x3002: return '\n';
    case 0xFFFD: return ' ';
    default: return 0xFF;
    }
}

static uint32_t code_of(const unsigned char *at)
{
    return (uint32_t)((at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU));
}

static bool joins_words(const struct wl_str text, size_t i, const struct folder *f)
{
    unsigned char next = i + 1 < text.n_bytes ? (unsigned char)text.data[i + 1] : 0;
    return f->n_out > 0 && !f->has_blank && is_latin((unsigned char)f->out[f->n_out - 1]) &&
           is_latin(next);
}

size_t wl_rules_fold(struct wl_str normal, char *folded)
{
    struct folder f = {.out = folded};

    for (size_t i = 0; i < normal.n_bytes;) {
        const unsigned char *at = (const unsigned char *)normal.data + i;
        size_t n = wl_utf8_length(normal, i);
        WL_DCHECK(n > 0); // normalised text is UTF-8
        unsigned char narrow = n == 3 ? fold_wide(code_of(at)) : 0xFF;
        if (n == 1) {
            bool is_hyphen = at[0] == '-' && joins_words(normal, i, &f);
            put_ascii(&f, is_hyphen ? ' ' : at[0]);
        } else if (narrow != 0xFF) {
            put_ascii(&f, narrow);
        } else {
            put_blank(&f, at[0]);
            memcpy(f.out + f.n_out, at, n);
            f.n_out += n;
        }
        i += n;
    }
    return f.n_out;
}

/* -- 2. finding -- */

struct hit {
    uint32_t begin;
    uint32_t end;
    uint32_t term;
    uint32_t clause;
    uint32_t sentence;
};
#define SILENCED UINT32_MAX // as a term

struct match {
    const struct wl_rules *rules;
    struct wl_text_scratch *scratch;
    struct wl_str text; // folded
    struct hit *hits;
    size_t n_hits;
    uint32_t clause;
    uint32_t sentence;
};

static bool fits_edges(const struct match *m, const struct wl_rule_term *term, size_t begin,
                       size_t end)
{
    const unsigned char *text = (const unsigned char *)m->text.data;
    bool cuts_left =
        !term->open_left && begin > 0 && is_latin(text[begin]) && is_latin(text[begin - 1]);
    bool cuts_right = !term->open_right && end < m->text.n_bytes && is_latin(text[end - 1]) &&
                      is_latin(text[end]);

    return !cuts_left && !cuts_right;
}

static wl_status add_hits(struct match *m, uint32_t word, size_t end, wl_error *error)
{
    for (uint32_t t = m->rules->first_of[word - 1]; t != WL_TEXT_NO_LABEL;
         t = m->rules->terms[t].next_same) {
        const struct wl_rule_term *term = &m->rules->terms[t];
        size_t begin = end - term->text.n_bytes;
        void *block = NULL;
        if (!fits_edges(m, term, begin, end)) {
            continue;
        }
        WL_TRY(wl_scratch_room(m->scratch, WL_SCRATCH_HITS, m->n_hits + 1, sizeof(struct hit),
                               &block, error));
        m->hits = block;
        m->hits[m->n_hits++] = (struct hit){.begin = (uint32_t)begin,
                                            .end = (uint32_t)end,
                                            .term = t,
                                            .clause = m->clause,
                                            .sentence = m->sentence};
    }
    return WL_OK;
}

// A mark that ends a clause or a sentence belongs to what stands before it.
static void note_mark(struct match *m, size_t i)
{
    const char *text = m->text.data;
    bool is_last = i + 1 == m->text.n_bytes;

    switch (text[i]) {
    case '.':
        if (!is_last && text[i + 1] != ' ' && text[i + 1] != '\n') {
            return; // 3.5, example.org
        }
        m->sentence++;
        m->clause++;
        return;
    case '!':
    case '?':
    case '\n':
        m->sentence++;
        m->clause++;
        return;
    case ',':
    case ';':
    case ':':
    case '~':
    case '(':
    case ')':
    case '"': m->clause++; return;
    default: return;
    }
}

static wl_status find_terms(struct match *m, wl_error *error)
{
    const struct wl_automaton *automaton = &m->rules->automaton;
    uint32_t cell = 0;

    for (size_t i = 0; i < m->text.n_bytes; i++) {
        cell = wl_automaton_step(automaton, cell, (uint8_t)m->text.data[i]);
        uint32_t at = automaton->word[cell] != 0 ? cell : automaton->shorter[cell];
        for (; at != 0; at = automaton->shorter[at]) {
            WL_TRY(add_hits(m, automaton->word[at], i + 1, error));
        }
        note_mark(m, i);
    }
    return WL_OK;
}

/* -- 3. silencing -- */

// Hits lie by rising end, and for one end the longest first: seen from the back, a hit is inside
// another one if one with a later end begins no later, or one with the same end begins earlier.
static void silence_inner(struct match *m)
{
    uint32_t low = UINT32_MAX; // earliest begin of hits with a later end

    for (size_t last = m->n_hits; last > 0;) {
        size_t first = last - 1;
        uint32_t end = m->hits[first].end;
        while (first > 0 && m->hits[first - 1].end == end) {
            first--;
        }
        uint32_t longest = m->hits[first].begin;
        for (size_t i = first; i < last; i++) {
            if (m->hits[i].begin >= low || m->hits[i].begin > longest) {
                m->hits[i].term = SILENCED;
            }
        }
        low = longest < low ? longest : low;
        last = first;
    }
}

/* -- 4. counting -- */

// What has been seen for a rule in its present scope.
struct seen {
    uint32_t next; // 1 + the rule that was touched before it in this scope, 0: none
    uint32_t term; // last one that counted
    uint8_t all;   // bit for each word of `all`
    bool any;
    bool none;
    bool touched;
};

struct counter {
    const struct match *m;
    const struct wl_rules *rules;
    struct seen *seen;   // (n_rules)
    uint32_t touched[3]; // by scope: 1 + the rule touched last
    double *points;
    wl_rules_hit_fn each;
    void *context;
};

static void give(struct counter *c, uint32_t label, uint32_t term, double points, bool is_negated)
{
    c->points[label] += points;
    if (c->each != NULL) {
        struct wl_rules_hit hit = {.label = label,
                                   .term = c->rules->terms[term].text,
                                   .points = points,
                                   .is_negated = is_negated};
        c->each(c->context, &hit);
    }
}

static void end_scope(struct counter *c, enum wl_rule_scope scope)
{
    uint32_t next = c->touched[scope];

    while (next != 0) {
        const struct wl_rule *rule = &c->rules->rules[next - 1];
        struct seen *seen = &c->seen[next - 1];
        uint8_t wanted = (uint8_t)((1U << rule->n_all) - 1U);
        if (!seen->none && seen->all == wanted && (seen->any || !rule->has_any)) {
            give(c, rule->label, seen->term, rule->points, false);
        }
        next = seen->next;
        *seen = (struct seen){0};
    }
    c->touched[scope] = 0;
}

// Words between two places, a Chinese character being one; stops counting above the limit.
static int64_t words_between(struct wl_str text, size_t from, size_t to, int64_t limit)
{
    int64_t n = 0;
    bool in_word = false;

    for (size_t i = from; i < to && n <= limit; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool latin = is_latin(byte) || byte == '\'';
        n += (latin && !in_word) || byte >= 0xC0; // a leading byte: one character
        in_word = latin;
    }
    return n;
}

#define EMPHASIS_REACH 2 // "very very slow", "太不方便": emphasis stands close

struct mood {
    bool is_negated;
    double factor;
};

static struct mood mood_of(const struct counter *c, size_t i_hit)
{
    const struct match *m = c->m;
    const struct hit *hit = &m->hits[i_hit];
    const struct wl_rules_settings *settings = &c->rules->settings;
    struct mood mood = {.factor = 1.0};
    int64_t reach = settings->reach;
    size_t edge = hit->begin; // of the word, then of the negation that was found last
    size_t n_left = WL_RULES_TERM_WORDS;

    for (size_t i = i_hit; i > 0 && n_left > 0; i--) {
        const struct hit *before = &m->hits[i - 1];
        if (before->clause != hit->clause) {
            break;
        }
        if (before->term == SILENCED || before->end > hit->begin) {
            continue;
        }
        n_left--;
        uint8_t task = c->rules->terms[before->term].task;
        if (task == WL_TERM_BREAKS) {
            break;
        }
        if (task == WL_TERM_NEGATES && words_between(m->text, before->end, edge, reach) <= reach) {
            mood.is_negated = !mood.is_negated;
            edge = before->begin;
            reach = 0; // a second negation must touch the first to take it back
        }
        bool is_close = mood.factor == 1.0 && words_between(m->text, before->end, hit->begin,
                                                            EMPHASIS_REACH) <= EMPHASIS_REACH;
        if (is_close && task == WL_TERM_MORE) {
            mood.factor = settings->more_factor;
        } else if (is_close && task == WL_TERM_LESS) {
            mood.factor = settings->less_factor;
        }
    }
    return mood;
}

static void count_use(struct counter *c, const struct wl_rule_use *use, const struct hit *hit,
                      struct mood mood)
{
    const struct wl_rule *rule = &c->rules->rules[use->rule];
    struct seen *seen = &c->seen[use->rule];
    bool counts = !mood.is_negated || rule->negated == WL_NEGATED_KEEP;

    if (rule->is_simple) {
        if (counts) {
            give(c, rule->label, hit->term, rule->points * mood.factor, mood.is_negated);
        } else if (rule->negated == WL_NEGATED_FLIP) {
            give(c, rule->opposite, hit->term, rule->points, true);
        }
        return;
    }
    if (!counts) {
        return;
    }
    if (!seen->touched) {
        seen->touched = true;
        seen->next = c->touched[rule->scope];
        c->touched[rule->scope] = use->rule + 1;
    }
    switch ((enum wl_rule_role)use->role) {
    case WL_RULE_ANY:
        seen->any = true;
        seen->term = hit->term;
        break;
    case WL_RULE_ALL:
        seen->all |= (uint8_t)(1U << use->slot);
        seen->term = hit->term;
        break;
    case WL_RULE_NONE: seen->none = true; break;
    }
}

static void count_hits(struct counter *c)
{
    uint32_t clause = 0;
    uint32_t sentence = 0;

    for (size_t i = 0; i < c->m->n_hits; i++) {
        const struct hit *hit = &c->m->hits[i];
        if (hit->term == SILENCED) {
            continue;
        }
        if (hit->clause != clause) {
            end_scope(c, WL_RULE_CLAUSE);
            clause = hit->clause;
        }
        if (hit->sentence != sentence) {
            end_scope(c, WL_RULE_SENTENCE);
            sentence = hit->sentence;
        }
        const struct wl_rule_term *term = &c->rules->terms[hit->term];
        struct mood mood = {.factor = 1.0};
        if (term->n_uses > 0) {
            mood = mood_of(c, i);
        }
        for (size_t u = 0; u < term->n_uses; u++) {
            count_use(c, &c->rules->uses[term->first_use + u], hit, mood);
        }
    }
    end_scope(c, WL_RULE_CLAUSE);
    end_scope(c, WL_RULE_SENTENCE);
    end_scope(c, WL_RULE_TEXT);
}

wl_status wl_rules_score(const struct wl_text_classifier *classifier, struct wl_str text,
                         struct wl_text_scratch *scratch, double *points, wl_rules_hit_fn each,
                         void *context, wl_error *error)
{
    const struct wl_rules *rules = (const struct wl_rules *)classifier;
    struct match m = {.rules = rules, .scratch = scratch};
    struct counter c = {
        .m = &m, .rules = rules, .points = points, .each = each, .context = context};
    void *folded = NULL;
    void *seen = NULL;

    WL_TRY(wl_normal_set(&scratch->normal, text, error));
    struct wl_str normal = wl_buf_view(&scratch->normal.text);
    WL_TRY(wl_scratch_room(scratch, WL_SCRATCH_TEXT, normal.n_bytes, 1, &folded, error));
    WL_TRY(wl_scratch_room(scratch, WL_SCRATCH_STATE, rules->n_rules, sizeof(struct seen), &seen,
                           error));
    m.text = (struct wl_str){.data = folded, .n_bytes = wl_rules_fold(normal, folded)};
    c.seen = seen;
    WL_TRY(find_terms(&m, error));
    silence_inner(&m);
    for (size_t i = 0; i < classifier->about.n_labels; i++) {
        points[i] = 0.0;
    }
    count_hits(&c);
    return WL_OK;
}

/* -- probabilities: looked up, never made up -- */

static double step_of(const struct wl_rules *rules, double points)
{
    double p = rules->steps[0].p;

    for (size_t i = 1; i < rules->n_steps && points >= rules->steps[i].points; i++) {
        p = rules->steps[i].p;
    }
    return p;
}

// One label is right: the one ahead gets the probability counted for its lead, the others share
// the rest evenly, because rules know no more about them.
static void settle_one(const struct wl_rules *rules, double *p)
{
    const struct wl_text_about *about = &rules->base.about;
    size_t best = SIZE_MAX;
    double second = 0.0;

    for (size_t i = 0; i < about->n_labels; i++) {
        if (i == about->none || p[i] <= 0.0) {
            continue;
        }
        if (best == SIZE_MAX || p[i] > p[best]) {
            second = best != SIZE_MAX ? p[best] : 0.0;
            best = i;
        } else if (p[i] > second) {
            second = p[i];
        }
    }
    double lead = best != SIZE_MAX ? p[best] - second : 0.0;
    bool is_none = best == SIZE_MAX || lead < rules->settings.margin;
    double p_best = step_of(rules, is_none ? 0.0 : lead);
    if (is_none) {
        best = about->none; // WL_TEXT_NO_LABEL is nobody's number
    }
    bool is_alone = best < about->n_labels && about->n_labels == 1;
    size_t n_others = about->n_labels - (best < about->n_labels);
    double rest = best < about->n_labels ? 1.0 - p_best : 1.0;
    for (size_t i = 0; i < about->n_labels; i++) {
        p[i] = i == best ? (is_alone ? 1.0 : p_best) : rest / (double)n_others;
    }
}

wl_status wl_rules_classify(const struct wl_text_classifier *classifier, struct wl_str text,
                            struct wl_text_scratch *scratch, double *p, wl_error *error)
{
    const struct wl_rules *rules = (const struct wl_rules *)classifier;

    WL_TRY(wl_rules_score(classifier, text, scratch, p, NULL, NULL, error));
    if (classifier->about.task == WL_TEXT_ONE) {
        settle_one(rules, p);
        return WL_OK;
    }
    for (size_t i = 0; i < classifier->about.n_labels; i++) {
        p[i] = step_of(rules, p[i]);
    }
    return WL_OK;
}
