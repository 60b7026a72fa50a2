/* Options of a fine-tuned BERT in text train. */
#ifndef WL_CLI_TEXT_BERT_OPTIONS_H
#define WL_CLI_TEXT_BERT_OPTIONS_H
#include "cli/cli.h"
#include "nn/text_bert_train.h"

#define WL_TEXT_BERT_OPTIONS                                                                       \
    {"model", 0, "linear|bert", "what learns (default: linear; bert with --base)",                 \
     "模型类型（默认：linear；给出 --base 时为 bert）"},                                           \
        {"base", 0, "DIR",                                                                         \
         "Hugging Face folder of the BERT to fine-tune (default: a tiny one from nothing)",        \
         "待微调 BERT 的 Hugging Face 目录（默认：从零开始的小模型）"},                            \
        {"preset", 0, "NAME", "bert, bert-zh, bert-en, bert-long, minilm, own (default: bert)",    \
         "参数组：bert、bert-zh、bert-en、bert-long、minilm、own（默认：bert）"},                  \
        {"lr", 0, "RATE", "learning rate at its peak", "学习率峰值"},                              \
        {"epochs", 0, "N", "times every text is learned from", "训练轮数"},                        \
        {"batch", 0, "N", "texts of one update", "每次更新的文本数"},                              \
        {"warmup", 0, "N|SHARE", "updates while the rate rises: 500, or 10%",                      \
         "学习率预热步数或比例：500 或 10%"},                                                      \
        {"decay", 0, "D", "decay of weights", "权重衰减"},                                         \
        {"max-length", 0, "N", "tokens of a text that are read (default: 512)",                    \
         "每条文本读取的 token 数（默认：512）"},                                                  \
        {"layer-decay", 0, "F", "rate of each layer by that above (default: 1)",                   \
         "逐层学习率衰减（默认：1）"},                                                             \
        {"freeze", 0, "N",                                                                         \
         "1: embeddings do not learn, 2: nor the lowest layer, ... (default: 0)",                  \
         "冻结：1 为嵌入层，2 为嵌入层和最低一层……（默认：0）"},                                   \
        {"patience", 0, "N", "epochs without a better one before stopping (default: all are run)", \
         "连续多少轮无改进即停止（默认：跑完）"},                                                  \
        {"held", 0, "SHARE",                                                                       \
         "of the training texts, to choose the epoch and calibrate (default: 10%)",                \
         "训练集中留作选轮次和校准的比例（默认：10%）"},                                           \
        {"curve", 0, NULL, "learning curve of a BERT too: three more trainings",                   \
         "BERT 也画学习曲线（多训练三次）"},                                                       \
        {"checkpoint", 0, "FILE", "where the training stands, after every epoch",                  \
         "每轮之后保存训练状态的文件"},                                                            \
    {                                                                                              \
        "resume", 0, NULL, "go on from --checkpoint", "从 --checkpoint 继续训练"              \
    }

/* wl_text_bert_options_read - what the options say.
 *   is_bert  (out) a BERT is wanted; options are set only then.
 * Errors:  WL_EINVAL  an option that does not fit, or BERT's options without a BERT. */
WL_MUST_CHECK wl_status wl_text_bert_options_read(struct wl_cli *cli, bool *is_bert,
                                                  struct wl_text_bert_options *options,
                                                  wl_error *error);

#endif
