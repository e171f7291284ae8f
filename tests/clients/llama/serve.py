"""Run by a Python that has `xllamacpp`: writes a tiny model with random weights and serves it until its input ends.

Usage: serve.py MODEL.gguf. Prints the address as JSON once the server listens.
"""

import json
import sys

import gguf
import numpy as np
import xllamacpp

WIDTH, INNER, LAYERS, HEADS, CONTEXT = 64, 128, 2, 4, 65536
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LETTERS = ["\u2581", *map(chr, range(ord("a"), ord("z") + 1))]
TOKENS = ["<unk>", "<s>", "</s>", *BYTES, *LETTERS]
TEMPLATE = (
    "{% if tools %}<|tools|>{{ tools | tojson }}\n{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}<|assistant|>"
)


def write(path):
    """Write a model of Llama's architecture; the same weights every time."""
    chance = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(TOKENS))
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * len(BYTES) + [gguf.TokenType.NORMAL] * len(LETTERS)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)

    def weights(name, *shape):
        writer.add_tensor(f"{name}.weight", chance.normal(0, 0.05, shape).astype(np.float32))

    def ones(name):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, dtype=np.float32))

    weights("token_embd", len(TOKENS), WIDTH)
    weights("output", len(TOKENS), WIDTH)
    ones("output_norm")
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"blk.{layer}.{name}", WIDTH, WIDTH)
        ones(f"blk.{layer}.attn_norm")
        ones(f"blk.{layer}.ffn_norm")
        weights(f"blk.{layer}.ffn_gate", INNER, WIDTH)
        weights(f"blk.{layer}.ffn_up", INNER, WIDTH)
        weights(f"blk.{layer}.ffn_down", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def parameters(path):
    """Return what llama.cpp serves: chat, completions and embeddings, one at a time, on a port of its choice."""
    given = xllamacpp.CommonParams()
    given.model.path = path
    given.n_ctx = CONTEXT
    given.n_parallel = 1
    given.cpuparams.n_threads = 1
    given.hostnames = ["127.0.0.1"]
    given.port = 0
    given.use_jinja = True
    given.ui = False
    given.warmup = False
    given.embedding = True
    given.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return given


write(sys.argv[1])
server = xllamacpp.Server(parameters(sys.argv[1]))
print(json.dumps(server.listening_address), flush=True)
sys.stdin.read()
