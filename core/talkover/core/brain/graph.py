"""A Llama-shaped decoder as one ONNX graph, assembled node by node.

Method: pre-norm decoder with rotary positions, grouped-query attention and a SiLU-gated
feed-forward layer (Touvron et al. 2023; SmolLM2, Allal et al. 2025). Attention and the RMS
normalisations are ONNX Runtime's fused operators. The keys and values live in buffers that the
caller owns and binds as input and output at once, so a step copies none of the past.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from talkover.core.brain.weights import Architecture, GgufWeights

import os
BLOCK = int(os.environ.get("BLK","32"))
Precision = Literal["int4","int4f","int8", "fp32"]
import os
ACC=int(os.environ.get("ACC","4"))
HEADACC=int(os.environ.get("HEADACC","4"))
FUSE=int(os.environ.get("FUSE","1"))
MS = "com.microsoft"


def quant8(w: NDArray[np.float32]):
    n, k = w.shape
    b = w.reshape(n, k // BLOCK, BLOCK)
    s = np.abs(b).max(-1) / 127
    s = np.where(s == 0, 1, s).astype(np.float32)
    q = np.clip(np.rint(b / s[..., None]) , -127, 127) + 128
    return q.astype(np.uint8), s

def quant4(w, flt):
    n, k = w.shape
    b = w.reshape(n, k // BLOCK, BLOCK)
    lo=b.min(-1); hi=b.max(-1)
    if not flt: lo=np.minimum(lo,0); hi=np.maximum(hi,0)
    s=(hi-lo)/15; s=np.where(s==0,1,s).astype(np.float32)
    zp=-lo/s
    if flt:
        q=np.clip(np.rint((b-lo[...,None])/s[...,None]),0,15)
        z=zp.astype(np.float32)
    else:
        z8=np.clip(np.rint(zp),0,15).astype(np.uint8)
        q=np.clip(np.rint(b/s[...,None])+z8[...,None],0,15)
        if z8.shape[1]%2: z8=np.pad(z8,((0,0),(0,1)))
        z=(z8[:,0::2]|(z8[:,1::2]<<4)).astype(np.uint8)
    q=q.astype(np.uint8)
    return (q[...,0::2]|(q[...,1::2]<<4)), s, z

class B:
    def __init__(s,a,p): s.a=a; s.p=p; s.nodes=[]; s.init=[]
    def const(s,name,v): s.init.append(numpy_helper.from_array(v,name)); return name
    def node(s,op,ins,outs,domain="",**at):
        s.nodes.append(helper.make_node(op,ins,outs,domain=domain,name=outs[0],**at)); return outs[0]
    def linear(s,x,name,w,p=None):
        p=p or s.p
        if p.startswith("mix"): p={"d":"dyn","n":"int8","4":"int4"}[p[4+["qkv","o","gu","d"].index(name.split(".")[1])]]
        n,k=w.shape
        if p=="fp32":
            return s.node("MatMul",[x,s.const(name+".w",np.ascontiguousarray(w.T))],[name])
        if p=="dyn":
            sc=np.abs(w).max(1)/127
            q=np.rint(w/sc[:,None]).astype(np.int8)
            return s.node("DynamicQuantizeMatMul",[x,s.const(name+".w",np.ascontiguousarray(q.T)),s.const(name+".s",sc.astype(np.float32))],[name],domain=MS)
        if p=="int8":
            q,sc=quant8(w); ins=[x,s.const(name+".q",q),s.const(name+".s",sc)]; bits=8
        else:
            q,sc,z=quant4(w,p=="int4f"); ins=[x,s.const(name+".q",q),s.const(name+".s",sc),s.const(name+".z",z)]; bits=4
        return s.node("MatMulNBits",ins,[name],domain=MS,K=k,N=n,bits=bits,block_size=BLOCK,accuracy_level=ACC)

def build_graph(weights, precision):
    a=weights.architecture(); b=B(a,precision)
    emb=weights.matrix("token_embd.weight")
    if precision=="fp32":
        b.const("embed",emb); x=b.node("Gather",["embed","tokens"],["x0"])
    else:
        q,sc=quant8(emb); b.const("embed.q",q); b.const("embed.s",sc)
        b.const("c128",np.float32(128)); b.const("shp",np.array([0,0,a.width],np.int64)); b.const("m1",np.array([-1],np.int64))
        b.node("Gather",["embed.q","tokens"],["g"]); b.node("Cast",["g"],["gf"],to=1); b.node("Sub",["gf","c128"],["gs"])
        b.node("Gather",["embed.s","tokens"],["gsc"]); b.node("Unsqueeze",["gsc","m1"],["gsc1"]); b.node("Mul",["gs","gsc1"],["gm"])
        x=b.node("Reshape",["gm","shp"],["x0"])
    pos=np.arange(a.context)[:,None]*(a.rope_theta**(-np.arange(0,a.head,2)/a.head))[None]
    b.const("cos",np.cos(pos).astype(np.float32)); b.const("sin",np.sin(pos).astype(np.float32))
    b.const("one",np.array([1],np.int32)); b.const("i1",np.array(1,np.int64)); b.const('m1i',np.array(-1,np.int64))
    b.node("Shape",["tokens"],["shape"]); b.node("Gather",["shape","i1"],["T64"]); b.node("Cast",["T64"],["T"],to=6)
    b.node("Add",["cached","T"],["total1"]); b.node("Sub",["total1","one"],["seqlens"]); b.node("Squeeze",["total1"],["total"])
    n=b.node("SimplifiedLayerNormalization",[x,b.const("l0.n1",weights.matrix("blk.0.attn_norm.weight"))],["l0.norm1"],epsilon=a.epsilon,axis=-1,stash_type=1)
    ins=[];outs=[]
    for i in range(a.layers):
        w=lambda k: weights.matrix(f"blk.{i}.{k}.weight")
        qkv=b.linear(n,f"l{i}.qkv",np.concatenate([w("attn_q"),w("attn_k"),w("attn_v")]))
        b.node("GroupQueryAttention",[qkv,"","",f"past.{i}.key",f"past.{i}.value","seqlens","total","cos","sin"],[f"l{i}.att",f"present.{i}.key",f"present.{i}.value"],domain=MS,num_heads=a.heads,kv_num_heads=a.kv_heads,do_rotary=1,rotary_interleaved=1)
        o=b.linear(f"l{i}.att",f"l{i}.o",w("attn_output"))
        b.node("SkipSimplifiedLayerNormalization",[o,x,b.const(f"l{i}.n2",w("ffn_norm"))],[f"l{i}.norm2","","",f"l{i}.x1"],domain=MS,epsilon=a.epsilon)
        x=f"l{i}.x1"
        if FUSE:
            gu=b.linear(f"l{i}.norm2",f"l{i}.gu",np.concatenate([w("ffn_gate"),w("ffn_up")]))
            b.node("Split",[gu],[f"l{i}.g",f"l{i}.u"],axis=-1,num_outputs=2)
        else:
            b.linear(f"l{i}.norm2",f"l{i}.g",w("ffn_gate")); b.linear(f"l{i}.norm2",f"l{i}.u",w("ffn_up"))
        b.node("QuickGelu",[f"l{i}.g"],[f"l{i}.s"],domain=MS,alpha=1.0)
        b.node("Mul",[f"l{i}.s",f"l{i}.u"],[f"l{i}.h"])
        d=b.linear(f"l{i}.h",f"l{i}.d",w("ffn_down"))
        nw=weights.matrix("output_norm.weight") if i==a.layers-1 else weights.matrix(f"blk.{i+1}.attn_norm.weight")
        n=f"l{i+1}.norm1"
        b.node("SkipSimplifiedLayerNormalization",[d,x,b.const(f"l{i+1}.n1",nw)],[n,"","",f"l{i}.x2"],domain=MS,epsilon=a.epsilon)
        x=f"l{i}.x2"
        for kv in("key","value"):
            shape=[1,a.kv_heads,"capacity",a.head]
            ins.append(helper.make_tensor_value_info(f"past.{i}.{kv}",1,shape)); outs.append(helper.make_tensor_value_info(f"present.{i}.{kv}",1,shape))
    b.node("Gather",[n,"m1i"],["last"],axis=1)
    if precision=="fp32":
        b.node("Transpose",["embed"],["embedT"]); b.node("MatMul",["last","embedT"],["logits"])
    else:
        b.node("MatMulNBits",["last","embed.q","embed.s"],["logits"],domain=MS,K=a.width,N=a.vocabulary,bits=8,block_size=BLOCK,accuracy_level=HEADACC)
    g=helper.make_graph(b.nodes,"brain",[helper.make_tensor_value_info("tokens",7,[1,"length"]),helper.make_tensor_value_info("cached",6,[1]),*ins],[helper.make_tensor_value_info("logits",1,[1,a.vocabulary]),*outs],b.init)
    return helper.make_model(g,opset_imports=[helper.make_opsetid("",21),helper.make_opsetid(MS,1)],ir_version=10)
