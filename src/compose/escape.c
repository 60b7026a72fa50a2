/* Values made safe for HTML, plain text and JSON. Runs of harmless bytes are copied whole: nearly
 * all values are one run. */
#include "compose/mustache.h"

// What stands for a byte; NULL when the byte may stay.
static const char *html_for(unsigned char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static const char *text_for(unsigned char c)
{
    return c < 0x20 || c == 0x7F ? " " : NULL;
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
    if (c >= 0x20 && c != 0x7F) {
        return NULL;
    }
    hex[4] = digits[c >> 4];
    hex[5] = digits[c & 15];
    return hex;
}

void wl_escape_add(struct wl_buf *buf, struct wl_str text, enum wl_escape escape)
{
    char hex[] = "\\u0000";
    size_t begin = 0;

    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *instead = escape == WL_ESCAPE_HTML   ? html_for(c)
                              : escape == WL_ESCAPE_TEXT ? text_for(c)
                                                         : json_for(c, hex);
        if (instead != NULL) {
            wl_buf_add(buf, text.data + begin, i - begin);
            wl_buf_text(buf, instead);
            begin = i + 1;
        }
    }
    if (text.n_bytes > begin) {
        wl_buf_add(buf, text.data + begin, text.n_bytes - begin);
    }
}
