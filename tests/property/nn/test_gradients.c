/* Goal:   every backward pass of the plain layers is the derivative of its forward pass.
 * Method: gradient_check.h, over the tables of layers; prints a row of docs/gradients.md for each,
 *         the worst of several random inputs. */
#include "gradient_sequence.h"
#include "gradient_transformer.h"

#define INPUTS 5 /* random inputs of each layer */

static void check_layers(const struct gradient_layer *layers, size_t n)
{
    uint64_t state = check_seed();

    for (size_t l = 0; l < n; l++) {
        double worst = 0.0;
        for (size_t i = 0; i < INPUTS; i++) {
            worst = fmax(worst, gradient_worst(&layers[l], &state));
        }
        printf("| %s | %zu | %.1e |\n", layers[l].name, layers[l].n_parameters, worst);
    }
}

static void test_transformer_layers(void)
{
    check_layers(gradient_transformer, COUNT(gradient_transformer));
}

static void test_sequence_layers(void)
{
    check_layers(gradient_sequence, COUNT(gradient_sequence));
}

static void test_losses_stay_finite(void)
{
    const double wide[2] = {1e3, -1e3};

    CHECK_CLOSE(wl_plain_binary(1e3, 0.0), 1e3, 1e-15);
    CHECK_CLOSE(wl_plain_binary(-1e3, 0.0), 0.0, 1e-15);
    CHECK_CLOSE(wl_plain_binary_slope(-1e3, 1.0), -1.0, 1e-15);
    CHECK_CLOSE(wl_plain_cross_entropy(wide, 2, 1, 0.0, NULL), 2e3, 1e-15);
}

int main(void)
{
    RUN(test_transformer_layers);
    RUN(test_sequence_layers);
    RUN(test_losses_stay_finite);
    return check_report();
}
