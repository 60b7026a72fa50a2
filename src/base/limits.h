/* Every ceiling in one place, each with its reason. Reaching one is an error for the caller, never
 * a crash and never silent. */
#ifndef WL_BASE_LIMITS_H
#define WL_BASE_LIMITS_H

#define WL_BUF_BYTES_MAX        ((size_t)1 << 30) /* 1 GiB: no report or model comes near it */
#define WL_LINE_BYTES_MAX       ((size_t)1 << 24) /* 16 MiB: one line; longer is a wrong file */
#define WL_CONFIG_BYTES_MAX     ((size_t)1 << 22) /* 4 MiB: wanliu.yaml; people write it by hand */
#define WL_NODE_DEPTH_MAX       200 /* nesting of YAML and JSON; bounds our recursion */
#define WL_NODES_MAX            ((size_t)1 << 24) /* values in one document: 16 M, about 1 GiB */
#define WL_SEGMENT_BYTES_MAX    ((size_t)1 << 29) /* 512 MiB: one batch in the store, unpacked */
#define WL_USER_BYTES_MAX       256  /* ids are uuids, mails, numbers; longer is a text */
#define WL_CELL_BYTES_MAX       4096 /* names, properties, attributes repeat; longer is a text */
#define WL_COLUMNS_MAX          4096 /* columns of a CSV file */
#define WL_PROPS_MAX            8    /* properties kept with an event; each is a column */
#define WL_SIGNALS_MAX          64   /* event streams a feature set may follow */
#define WL_FEATURES_MAX         1024 /* features of one set; more is noise, see FEA-3 */
#define WL_WINDOW_DAYS_MAX      3660 /* ten years of day tiles */
#define WL_DATES_MAX            4096 /* observation dates of one run: eleven years daily */
#define WL_DICT_MAX             ((size_t)1 << 31) /* distinct strings; ids are uint32 */
#define WL_TREES_MAX            100000            /* trees of a forest */
#define WL_TREE_DEPTH_MAX       64                /* levels of one tree; bounds stacks in explain */
#define WL_ENCODED_MAX          ((size_t)1 << 16) /* encoded columns: 1024 features of 64 levels */
#define WL_LEVELS_MAX           64                /* one-hot columns of one category */
#define WL_KNOTS_MAX            ((size_t)1 << 16) /* steps of an isotonic calibration */
#define WL_RULES_MAX            256               /* lines of a points table; people read it */
#define WL_TREE_NODES_MAX       ((size_t)1 << 24) /* nodes of one forest */
#define WL_SHAP_TABLE_BYTES_MAX ((size_t)1 << 28) /* 256 MiB: 2,500 trees of depth 6 */
#define WL_SHAP_BLOCK_BYTES     ((size_t)1 << 20) /* 1 MiB: rows that fit a second-level cache */
#define WL_SHAP_BLOCK_ROWS_MAX  ((size_t)256)     /* more rows per block share no more */
#define WL_TEMPLATE_BYTES_MAX   ((size_t)1 << 20) /* 1 MiB: one message template */
#define WL_TEMPLATE_DEPTH_MAX   64                /* nested sections and partials */
#define WL_TEMPLATE_STEPS_MAX   (1 << 22)         /* work of one rendering: about 20 ms */
#define WL_SCRIPTS_MAX          4096              /* templates of one file; people read them all */
#define WL_OFFERS_MAX           1024              /* offers of a catalogue */
#define WL_MESSAGE_BYTES_MAX    ((size_t)1 << 18) /* 256 KiB: one message; mail clips at 100 */
#define WL_FACT_BYTES_MAX       128     /* attribute shown in a message; names have up to 80 */
#define WL_VOCABULARY_MAX       1000000 /* pieces of a tokenizer; gpt-oss has 201,088 */
#define WL_WEIGHT_BYTES_MAX     ((size_t)1 << 36)   /* 64 GiB: one weight file */
#define WL_TENSOR_HEADER_MAX    ((size_t)100000000) /* bytes of a weight file; its own ceiling */
#define WL_GEMM_SHAPES_MAX      1024 /* products planned at a time; a model has a few dozen */
#define WL_MODEL_FLOATS_MAX     ((size_t)1 << 34) /* values of a model: 64 GiB of float */
#define WL_NN_ROWS_ROUND        16            /* rows of packed batches: few shapes, little waste */
#define WL_NN_LAYERS_MAX        ((size_t)256) /* blocks; the largest models have 120 */
#define WL_CHANNELS_MAX         ((size_t)8192) /* of a normed layer; rows lie on the stack */
#define WL_HEAD_CHANNELS_MAX    ((size_t)128)  /* of a head; blocks lie on the stack */
#define WL_THREADS_MAX          256            /* workers of one command */
#define WL_BOOTSTRAP_MAX        100000  /* resamples; more changes no digit that is printed */
#define WL_VALUE_ABS_MAX        1e11    /* event values: squares then sum exactly in 128 bit */
#define WL_VALUE_SCALE          10000   /* event values are stored as value * 10^4 */
#define WL_SIM_USERS_MAX        1000000 /* customers of a simulation; ids have six digits */
#define WL_SIM_DAYS_MIN         14      /* days of a simulation; fewer show no rhythm */
#define WL_SIM_DAYS_MAX         1024    /* days of a simulation; also the stride of its streams */

#define WL_ALERTS_MAX ((size_t)1 << 22) /* alerts of one run; people read them */

#endif
