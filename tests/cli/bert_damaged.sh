# Damaged BERT folders: each is refused in one line that names file and place, with its exit code; or,
# where nothing is lost, used with a notice. Changes within the weights keep every length.
golden=$CASES/../golden/nn/bert_folder
echo 'I want to leave!' >in.txt
try() { # try NAME: embed with the folder "bad"; one line at most on stderr
    wanliu text embed --base bad in.txt >out.txt 2>err.txt
    code=$?
    echo "$1: exit $code, $(wc -l <out.txt) vectors, $(wc -l <err.txt) lines"
    cat err.txt
    rm -rf bad
    cp -r base bad
}
weights() { # weights NAME SED: change the bytes of the weight file
    LC_ALL=C sed -i "$2" bad/model.safetensors
    try "$1"
}
config() { # config NAME SED
    sed -i "$2" bad/config.json
    try "$1"
}
cp -r "$golden/encoder" base
chmod -R u+w base
cp -r base bad
try good
n=$(wc -c <base/model.safetensors)

head -c 100 base/model.safetensors >bad/model.safetensors; try "header cut"
head -c $((n - 5)) base/model.safetensors >bad/model.safetensors; try "weights cut"
printf '\377\377\377\377\377\377\377\177' | dd of=bad/model.safetensors conv=notrunc status=none; try "header of 2^63 bytes"
: >bad/model.safetensors; try "empty weights"
printf 'x' >>bad/model.safetensors; try "a byte too many"
weights "overlap" 's/\[16,32\]/[ 0,16]/'
weights "huge offset" 's/\[16,32\]/[9,9e9]/'
weights "wrong kind" 's/\("pooler.dense.bias":{"dtype":"\)F16/\1I16/'
weights "unknown kind" 's/\("pooler.dense.bias":{"dtype":"\)F16/\1F17/'
weights "turned" 's/\("encoder.layer.1.output.dense.weight":{"dtype":"F16","shape":\)\[8,16\]/\1[16,8]/'
weights "missing" 's/"encoder.layer.0.attention.self.query.bias"/"encoder.layer.0.attention.self.queen.bias"/'
weights "half a pooler" 's/"pooler.dense.bias"/"pooler.dense.bibs"/'
weights "other names" 's/"embeddings.word/"embeddings.ward/'
printf '\377\177' | dd of=bad/model.safetensors bs=1 seek=$((n - 2)) conv=notrunc status=none; try "NaN"
rm bad/model.safetensors; try "no weights"
rm bad/model.safetensors; : >bad/pytorch_model.bin; try "a pickle"

config "another layer" 's/"num_hidden_layers": 2/"num_hidden_layers": 3/'
config "one layer too few" 's/"num_hidden_layers": 2/"num_hidden_layers": 1/'
config "three heads" 's/"num_attention_heads": 2/"num_attention_heads": 3/'
config "another width" 's/"hidden_size": 8/"hidden_size": 16/'
config "a billion words" 's/"vocab_size": 27/"vocab_size": 1000000/; s/"hidden_size": 8/"hidden_size": 256/'
config "fewer words" 's/"vocab_size": 27/"vocab_size": 26/'
config "relu" 's/gelu_new/relu/'
config "relative places" 's/"model_type"/"position_embedding_type": "relative_key", "model_type"/'
config "another model" 's/"model_type": "bert"/"model_type": "gpt2"/'
config "a decoder" 's/"is_decoder": false/"is_decoder": true/'
config "a text for a number" 's/"hidden_size": 8/"hidden_size": "8"/'
config "half a layer" 's/"num_hidden_layers": 2/"num_hidden_layers": 1.5/'
config "no size" '/"hidden_size"/d'
config "no JSON" '$d'
echo '[]' >bad/config.json; try "a list"
rm bad/config.json; try "no config"

rm bad/tokenizer.json; try "vocab.txt alone"
rm bad/vocab.txt; try "tokenizer.json alone"
rm bad/vocab.txt bad/tokenizer.json; try "no vocabulary"
rm bad/tokenizer.json; echo want >>bad/vocab.txt; try "a piece twice"
rm bad/tokenizer.json; sed -i 's/^want$//' bad/vocab.txt; try "an empty piece"
rm bad/tokenizer.json; printf '\377\n' >>bad/vocab.txt; try "no UTF-8"
rm bad/tokenizer.json; sed -i 's/^\[CLS\]$/CLS/' bad/vocab.txt; try "no [CLS]"
rm bad/tokenizer.json; : >bad/vocab.txt; try "empty vocabulary"
sed -i 's/^want$/wont/' bad/vocab.txt; try "vocab.txt differs"
sed -i 's/"want": 6/"want": 7/' bad/tokenizer.json; try "one id for two"
sed -i 's/"want": 6/"want": 600/' bad/tokenizer.json; try "an id too high"
sed -i 's/"want": 6/"to": 6/' bad/tokenizer.json; try "a key twice"
sed -i 's/"type": "WordPiece",$/"type": "BPE",/' bad/tokenizer.json; try "BPE"
sed -i 's/BertNormalizer/NFKC/' bad/tokenizer.json; try "another normalizer"
sed -i 's/BertPreTokenizer/Whitespace/' bad/tokenizer.json; try "another splitter"
sed -i '$d' bad/tokenizer.json; try "tokenizer cut"
echo '{' >bad/tokenizer_config.json; try "settings cut"
rm -rf bad; echo >bad; try "a file"
