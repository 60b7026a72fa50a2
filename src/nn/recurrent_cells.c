/* Gates of a row lie H apart, so a row is taken as arrays that do not overlap, and its loop becomes
 * vector code. About 12 exponentials' worth of arithmetic for each 8 H multiplications of the
 * product: without vectors the gates would cost more than the products. */
#include "nn/recurrent_cells.h"

#include "nn/vector_math.h"

static inline float sigmoid(float x)
{
    return 1.0F / (1.0F + wl_exp(-x));
}

WL_CLONES static void lstm_row(size_t n, float *restrict i, float *restrict f, float *restrict g,
                               float *restrict o, const float *restrict s,
                               const float *restrict c_before, float *restrict c, float *restrict h)
{
    for (size_t k = 0; k < n; k++) {
        float in = sigmoid(i[k] + s[k]);
        float keep = sigmoid(f[k] + s[n + k]);
        float fresh = wl_tanh(g[k] + s[2 * n + k]);
        float out = sigmoid(o[k] + s[3 * n + k]);
        float cell = keep * c_before[k] + in * fresh;
        i[k] = in;
        f[k] = keep;
        g[k] = fresh;
        o[k] = out;
        c[k] = cell;
        h[k] = out * wl_tanh(cell);
    }
}

void wl_lstm_step(size_t n, size_t n_hidden, float *gates, const float *s, const float *c_before,
                  float *c, float *h)
{
    for (size_t i = 0; i < n; i++) {
        float *row = gates + i * 4 * n_hidden;
        size_t at = i * n_hidden;
        lstm_row(n_hidden, row, row + n_hidden, row + 2 * n_hidden, row + 3 * n_hidden,
                 s + i * 4 * n_hidden, c_before + at, c + at, h + at);
    }
}

WL_CLONES static void lstm_row_back(size_t n, const float *restrict gates,
                                    const float *restrict c_before, const float *restrict c,
                                    const float *restrict dh, float *restrict dc,
                                    float *restrict di, float *restrict df, float *restrict dg,
                                    float *restrict d_o)
{
    for (size_t k = 0; k < n; k++) {
        float i = gates[k];
        float f = gates[n + k];
        float g = gates[2 * n + k];
        float o = gates[3 * n + k];
        float tanh_c = wl_tanh(c[k]);
        float dcell = dc[k] + dh[k] * o * (1.0F - tanh_c * tanh_c);
        di[k] = dcell * g * i * (1.0F - i);
        df[k] = dcell * c_before[k] * f * (1.0F - f);
        dg[k] = dcell * i * (1.0F - g * g);
        d_o[k] = dh[k] * tanh_c * o * (1.0F - o);
        dc[k] = dcell * f;
    }
}

void wl_lstm_step_back(size_t n, size_t n_hidden, const float *gates, const float *c_before,
                       const float *c, const float *dh, float *dc, float *dgates)
{
    for (size_t i = 0; i < n; i++) {
        float *row = dgates + i * 4 * n_hidden;
        size_t at = i * n_hidden;
        lstm_row_back(n_hidden, gates + i * 4 * n_hidden, c_before + at, c + at, dh + at, dc + at,
                      row, row + n_hidden, row + 2 * n_hidden, row + 3 * n_hidden);
    }
}

WL_CLONES static void gru_row(size_t n, float *restrict r, float *restrict z, float *restrict fresh,
                              const float *restrict s, const float *restrict h_before,
                              float *restrict h)
{
    for (size_t k = 0; k < n; k++) {
        float reset = sigmoid(r[k] + s[k]);
        float keep = sigmoid(z[k] + s[n + k]);
        float value = wl_tanh(fresh[k] + reset * s[2 * n + k]);
        r[k] = reset;
        z[k] = keep;
        fresh[k] = value;
        h[k] = (1.0F - keep) * value + keep * h_before[k];
    }
}

void wl_gru_step(size_t n, size_t n_hidden, float *gates, const float *s, const float *h_before,
                 float *h)
{
    for (size_t i = 0; i < n; i++) {
        float *row = gates + i * 3 * n_hidden;
        size_t at = i * n_hidden;
        gru_row(n_hidden, row, row + n_hidden, row + 2 * n_hidden, s + i * 3 * n_hidden,
                h_before + at, h + at);
    }
}

WL_CLONES static void gru_row_back(size_t n, const float *restrict gates, const float *restrict s,
                                   const float *restrict h_before, float *restrict dh,
                                   float *restrict dr, float *restrict dz, float *restrict dn,
                                   float *restrict ds)
{
    for (size_t k = 0; k < n; k++) {
        float r = gates[k];
        float z = gates[n + k];
        float value = gates[2 * n + k];
        float dvalue = dh[k] * (1.0F - z) * (1.0F - value * value);
        dr[k] = dvalue * s[2 * n + k] * r * (1.0F - r);
        dz[k] = dh[k] * (h_before[k] - value) * z * (1.0F - z);
        dn[k] = dvalue;
        ds[k] = dvalue * r;
        dh[k] = dh[k] * z;
    }
}

void wl_gru_step_back(size_t n, size_t n_hidden, const float *gates, const float *s,
                      const float *h_before, float *dh, float *da, float *ds)
{
    for (size_t i = 0; i < n; i++) {
        float *row = da + i * 3 * n_hidden;
        float *row_s = ds + i * 3 * n_hidden;
        size_t at = i * n_hidden;
        gru_row_back(n_hidden, gates + i * 3 * n_hidden, s + i * 3 * n_hidden, h_before + at,
                     dh + at, row, row + n_hidden, row + 2 * n_hidden, row_s + 2 * n_hidden);
        memcpy(row_s, row, 2 * n_hidden * sizeof(*row)); // of r and z the two are equal
    }
}
