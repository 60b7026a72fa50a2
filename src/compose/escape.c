/* Values made safe for HTML, plain text and JSON. Runs of harmless bytes are copied whole: nearly
 * all values are one run, so the scan looks at a table and nothing else. */
#include "compose/mustache.h"

/* Which escapes have something to say about a byte: bit e stands for escape e. */
enum {
    HTML = 1 << WL_ESCAPE_HTML,
    JSON = 1 << WL_ESCAPE_JSON,
    CONTROL = 1 << WL_ESCAPE_TEXT | 1 << WL_ESCAPE_JSON
};
#define EIGHT_CONTROLS CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL
static const unsigned char special[256] = {EIGHT_CONTROLS, EIGHT_CONTROLS,  EIGHT_CONTROLS,
                                           EIGHT_CONTROLS, ['&'] = HTML,    ['<'] = HTML,
                                           ['>'] = HTML,   ['\''] = HTML,   ['"'] = HTML | JSON,
                                           ['\\'] = JSON,  [0x7F] = CONTROL};

static const char *html_for(unsigned char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return "&#39;";
    }
}

static const char *json_for(unsigned char c, char *hex)
{
    static const char digits[] = "0123456789abcdef";

    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    hex[4] = digits[c >> 4];
    hex[5] = digits[c & 15];
    return hex;
}

void wl_escape_add(struct wl_buf *buf, struct wl_str text, enum wl_escape escape)
{
    char hex[] = "\\u0000";
    unsigned mask = 1U << escape;
    size_t begin = 0;

    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((special[c] & mask) == 0) {
            continue;
        }
        wl_buf_add(buf, text.data + begin, i - begin);
        wl_buf_text(buf, escape == WL_ESCAPE_HTML   ? html_for(c)
                         : escape == WL_ESCAPE_TEXT ? " "
                                                    : json_for(c, hex));
        begin = i + 1;
    }
    if (text.n_bytes > begin) {
        wl_buf_add(buf, text.data + begin, text.n_bytes - begin);
    }
}
