/* A whole number is a count and is never rounded. Otherwise prices keep their cents below a
 * thousand, and small fractions the three digits that count: more would claim a precision that no
 * behaviour has. */
#include "explain/number_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 3 // that count, of numbers below 1

// Puts a comma before each group of three digits ahead of the point.
static void add_commas(const char *plain, char *text)
{
    size_t n_digits = strspn(plain, "0123456789");
    size_t n = 0;

    for (size_t i = 0; plain[i] != '\0'; i++) {
        if (i > 0 && i < n_digits && (n_digits - i) % 3 == 0) {
            text[n++] = ',';
        }
        text[n++] = plain[i];
    }
    text[n] = '\0';
}

static void drop_trailing_zeros(char *plain)
{
    size_t n = strlen(plain);

    if (strchr(plain, '.') == NULL) {
        return;
    }
    while (plain[n - 1] == '0') {
        n--;
    }
    if (plain[n - 1] == '.') {
        n--;
    }
    plain[n] = '\0';
}

static int decimals_of(double size)
{
    if (size == floor(size)) {
        return 0;
    }
    if (size >= 1.0) {
        return size < 1000.0 ? 2 : 0;
    }
    return DIGITS - 1 - (int)floor(log10(size));
}

char *wl_number_text(double value, char *text)
{
    char plain[WL_NUMBER_TEXT_BYTES / 2];
    double size = fabs(value);

    if (isnan(value)) {
        (void)snprintf(text, WL_NUMBER_TEXT_BYTES, "?");
        return text;
    }
    if (size != 0.0 && (size >= 1e15 || size < 1e-6)) {
        (void)snprintf(text, WL_NUMBER_TEXT_BYTES, "%.*g", DIGITS, value);
        return text;
    }
    (void)snprintf(plain, sizeof(plain), "%.*f", decimals_of(size), size);
    drop_trailing_zeros(plain);
    text[0] = '-';
    add_commas(plain, text + (value < 0.0));
    return text;
}

char *wl_percent_text(double share, char *text)
{
    double percent = share * 100.0;

    // From 1 % on whole percents; a smaller part keeps the digit that shows it is not nothing.
    return wl_number_text(fabs(percent) >= 1.0 ? round(percent) : percent, text);
}
