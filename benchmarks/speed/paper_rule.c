/* The paper's rule as one would write it in C: a running window sum, two loops per token, software prefetch.
   The yardstick for selfvec.refine.kernels.sweep; built and called by bench_paper.py. */
#include <math.h>
#include <stdint.h>
#include <string.h>

void sweep(const int32_t *restrict ids, const int64_t *restrict offsets, int64_t documents, float *restrict table,
           float *restrict sum, int width, int half, float rate, int64_t tokens, int ahead) {
    const float keep = 1 - rate;
    for (int64_t k = 0; k < documents; k++) {
        const int64_t lo = offsets[k], hi = offsets[k + 1];
        for (int64_t i = lo; i < hi; i++) {
            const int64_t first = i - half < lo ? lo : i - half, last = i + half + 1 > hi ? hi : i + half + 1;
            if (i + half + ahead < tokens) {
                const float *row = table + (int64_t)ids[i + half + ahead] * width;
                for (int c = 0; c < width; c += 16) __builtin_prefetch(row + c, 0, 2);
            }
            float *word = table + (int64_t)ids[i] * width;
            float squares = 0;
            if (i == lo || i % 1024 == 0) {
                memset(sum, 0, width * sizeof(float));
                for (int64_t p = first; p < last; p++) {
                    const float *row = table + (int64_t)ids[p] * width;
                    for (int j = 0; j < width; j++) sum[j] += row[j];
                }
            } else if (i + half < hi && i - half - 1 >= lo) {
                const float *entering = table + (int64_t)ids[i + half] * width;
                const float *leaving = table + (int64_t)ids[i - half - 1] * width;
                for (int j = 0; j < width; j++) sum[j] += entering[j] - leaving[j];
            } else if (i + half < hi) {
                const float *entering = table + (int64_t)ids[i + half] * width;
                for (int j = 0; j < width; j++) sum[j] += entering[j];
            } else if (i - half - 1 >= lo) {
                const float *leaving = table + (int64_t)ids[i - half - 1] * width;
                for (int j = 0; j < width; j++) sum[j] -= leaving[j];
            }
            for (int j = 0; j < width; j++) {
                const float moved = keep * word[j] + rate * sum[j];
                squares += moved * moved;
            }
            if (squares > 0) {
                const float scale = 1 / sqrtf(squares);
                int times = 0;
                for (int64_t p = first; p < last; p++) times += ids[p] == ids[i];
                for (int j = 0; j < width; j++) {
                    const float old = word[j], new = (keep * old + rate * sum[j]) * scale;
                    word[j] = new;
                    sum[j] += times * (new - old);
                }
            }
        }
    }
}
