import os
import numpy as np
from talkover.core.onnx import MICROSOFT, GraphBuilder
from talkover.core.listener.mel import *
from talkover.core.listener.mel import WINDOW
from talkover.core.listener.weights import shape_of
HEAD=64
OPT=dict(k.split("=") for k in os.environ.get("OPT","").split(",") if k)
def opt(k,d): return OPT.get(k,d)

def nbits(g,x,w,bias,name,block,acc):
    n,k=w.shape; block=block or k
    while k%block: block//=2
    b=w.reshape(n,k//block,block); s=np.abs(b).max(-1)/127; s=np.where(s==0,1,s).astype(np.float32)
    q=(np.clip(np.rint(b/s[...,None]),-127,127)+128).astype(np.uint8)
    y=g.node("MatMulNBits",[x,g.init(q),g.init(s.reshape(-1)),"","",g.init(bias)] if bias is not None else [x,g.init(q),g.init(s.reshape(-1))],domain=MICROSOFT,K=k,N=n,bits=8,block_size=block,accuracy_level=acc)
    return y
def dyn(g,x,w,bias,top=127,unsigned=False,fused=True):
    s=(np.abs(w).max(1)/top).astype(np.float32); s=np.where(s==0,1,s)
    q=np.rint(w/s[:,None]); z=0
    if unsigned: q=(q+128).astype(np.uint8); z=g.init(np.full(w.shape[0],128,np.uint8))
    else: q=q.astype(np.int8); z=""
    qt=g.init(q.T)
    ins=[x,qt,g.init(s.astype(np.float32)),z,g.init(bias) if bias is not None else ""]
    while ins[-1]=="": ins.pop()
    return g.node("DynamicQuantizeMatMul",ins,domain=MICROSOFT)
def linear(g,x,w,bias,where):
    kind=opt(where,"fp32")
    if kind=="fp32":
        y=g.node("MatMul",[x,g.init(w.T)])
        return g.node("Add",[y,g.init(bias)]) if bias is not None else y
    if kind.startswith("nb"): 
        _,block,acc=kind.split("_"); return nbits(g,x,w,bias,where,int(block),int(acc))
    if kind=="u8s8": return dyn(g,x,w,bias)
    if kind=="u8s7": return dyn(g,x,w,bias,top=63)
    if kind=="u8u8": return dyn(g,x,w,bias,unsigned=True)
    raise ValueError(kind)

class W:
    def __init__(s,w): s.w={k:np.asarray(v,np.float32) for k,v in w.items() if v.ndim}
    def __getitem__(s,k): return s.w[k]

def norm(g,x,w,p): return g.node("LayerNormalization",[x,g.init(w[p+"/gamma"]),g.init(w[p+"/beta"])],axis=-1,epsilon=1e-5)
def skipnorm(g,x,skip,w,p,bias=None):
    if opt("skip","fused")=="plain":
        x=g.node("Add",[x,g.init(bias)]); x=g.node("Add",[x,skip]); return norm(g,x,w,p),x
    out=g._fresh("n"); res=g._fresh("r")
    ins=[x,skip,g.init(w[p+"/gamma"]),g.init(w[p+"/beta"])]
    if bias is not None: ins.append(g.init(bias))
    g.node("SkipLayerNormalization",ins,[out,"","",res],domain=MICROSOFT,epsilon=1e-5)
    return out,res
def ffn(g,x,w,p,where):
    h=linear(g,x,w[p+"/linear_0/weight"],None,where)
    h=g.node("BiasGelu",[h,g.init(w[p+"/linear_0/bias"])],domain=MICROSOFT)
    return linear(g,h,w[p+"/linear_1/weight"],None,where)
def split3(g,x,n=3):
    outs=[g._fresh("s") for _ in range(n)]; g.node("Split",[x],outs,axis=-1,num_outputs=n); return outs

def encoder(weights):
    w=W(weights); sh=shape_of(w.w); g=GraphBuilder("encoder"); D=sh.width
    pcm=g.input("pcm",np.float32,["batch","samples"])
    x=g.node("Pad",[pcm,g.ints(0,200,0,40)],mode="reflect")
    x=g.node("Unsqueeze",[x,g.ints(1)])
    f=g.node("Conv",[x,g.init(fourier_basis()[:,None,:])],strides=[160],kernel_shape=[400])
    f=g.node("Mul",[f,f]); a,b=g._fresh("a"),g._fresh("b"); g.node("Split",[f],[a,b],axis=1,num_outputs=2)
    p=g.node("Add",[a,b])
    m=g.node("MatMul",[g.init(mel_filters(sh.mels)),p])
    m=g.node("Max",[m,g.init(np.float32(1e-10))]); m=g.node("Log",[m]); m=g.node("Mul",[m,g.init(np.float32(1/np.log(10)))])
    top=g.node("ReduceMax",[m,g.ints(1,2)],keepdims=1)
    m=g.node("Max",[m,g.node("Sub",[top,g.init(np.float32(8))])])
    m=g.node("Mul",[g.node("Add",[m,g.init(np.float32(4))]),g.init(np.float32(.25))],["mel"])
    x=g.node("Conv",[m,g.init(w["encoder/conv1/weight"]),g.init(w["encoder/conv1/bias"])],pads=[1,1],kernel_shape=[3])
    x=g.node("Gelu",[x])
    x=g.node("Conv",[x,g.init(w["encoder/conv2/weight"]),g.init(w["encoder/conv2/bias"])],pads=[1,1],strides=[2],kernel_shape=[3])
    x=g.node("Gelu",[x])
    x=g.node("Transpose",[x],perm=[0,2,1])
    n=g.node("Shape",[x],start=1,end=2)
    pos=g.node("Slice",[g.init(w["encoder/position_encodings/encodings"]),g.ints(0),n,g.ints(0)])
    x=g.node("Add",[x,pos])
    res=x; h=norm(g,x,w,"encoder/layer_0/self_attention/layer_norm")
    for i in range(sh.encoder_layers):
        p=f"encoder/layer_{i}"
        if opt("qkv","one")=="one": q,k,v=split3(g,linear(g,h,w[p+"/self_attention/linear_0/weight"],None,"enc"))
        else: q,k,v=[linear(g,h,m,None,"enc") for m in np.split(w[p+"/self_attention/linear_0/weight"],3)]
        y=g.node("MultiHeadAttention",[q,k,v,g.init(w[p+"/self_attention/linear_0/bias"])],domain=MICROSOFT,num_heads=sh.heads)
        y=linear(g,y,w[p+"/self_attention/linear_1/weight"],None,"enc")
        h,res=skipnorm(g,y,res,w,p+"/ffn/layer_norm",w[p+"/self_attention/linear_1/bias"])
        y=ffn(g,h,w,p+"/ffn","enc")
        nxt=f"encoder/layer_{i+1}/self_attention/layer_norm" if i+1<sh.encoder_layers else "encoder/layer_norm"
        h,res=skipnorm(g,y,res,w,nxt,w[p+"/ffn/linear_1/bias"])
    for i in range(sh.decoder_layers):
        p=f"decoder/layer_{i}/attention/linear_1"
        kv=linear(g,h,w[p+"/weight"],w[p+"/bias"],"cross")
        kv=g.node("Reshape",[kv,g.ints(0,0,2,sh.heads,HEAD)])
        kv=g.node("Transpose",[kv],perm=[2,0,3,1,4])
        k,v=g._fresh("k"),g._fresh("v"); g.node("Split",[kv],[k,v],axis=0,num_outputs=2)
        g.node("Squeeze",[k,g.ints(0)],[f"cross_key_{i}"]); g.node("Squeeze",[v,g.ints(0)],[f"cross_value_{i}"])
        for kind in ("key","value"): g.output(f"cross_{kind}_{i}",np.float32,["batch",sh.heads,"frames",HEAD])
    return g.model()

def decoder(weights,align):
    w=W(weights); sh=shape_of(w.w); g=GraphBuilder("decoder"); D=sh.width; H=sh.heads
    tok=g.input("tokens",np.int64,["rows","tokens"]); at=g.input("at",np.int64,["picked"])
    for i in range(sh.decoder_layers):
        for kind in ("key","value"):
            g.input(f"past_{kind}_{i}",np.float32,["rows",H,"past",HEAD]); g.input(f"cross_{kind}_{i}",np.float32,["items",H,"frames",HEAD])
    E=w["decoder/embeddings/weight"]
    x=g.node("Gather",[g.init(E,"embeddings"),tok],axis=0)
    past=g.node("Shape",["past_key_0"],start=2,end=3); T=g.node("Shape",[tok],start=1,end=2)
    pos=g.node("Slice",[g.init(w["decoder/position_encodings/encodings"]),past,g.node("Add",[past,T]),g.ints(0)])
    x=g.node("Add",[x,pos])
    items=g.node("Shape",["cross_key_0"],start=0,end=1)
    fold=g.node("Concat",[items,g.ints(-1,D)],axis=0)
    res=x; h=norm(g,x,w,"decoder/layer_0/self_attention/layer_norm")
    maps=[]
    for i in range(sh.decoder_layers):
        p=f"decoder/layer_{i}"
        q,k,v=split3(g,linear(g,h,w[p+"/self_attention/linear_0/weight"],None,"dec"))
        y=g._fresh("att")
        g.node("MultiHeadAttention",[q,k,v,g.init(w[p+"/self_attention/linear_0/bias"]),"","",f"past_key_{i}",f"past_value_{i}"],[y,f"present_key_{i}",f"present_value_{i}"],domain=MICROSOFT,num_heads=H,unidirectional=1)
        for kind in ("key","value"): g.output(f"present_{kind}_{i}",np.float32,["rows",H,"seen",HEAD])
        y=linear(g,y,w[p+"/self_attention/linear_1/weight"],None,"dec")
        h,res=skipnorm(g,y,res,w,p+"/attention/layer_norm",w[p+"/self_attention/linear_1/bias"])
        q=linear(g,h,w[p+"/attention/linear_0/weight"],None,"dec")
        heads=[b for a,b in align if a==i]
        bias=w[p+"/attention/linear_0/bias"]
        mode=opt("xatt","mha")
        if mode=="mha" and not heads:
            q=g.node("Reshape",[q,fold])
            y=g.node("MultiHeadAttention",[q,f"cross_key_{i}",f"cross_value_{i}",g.init(np.concatenate([bias,np.zeros(2*D,np.float32)]))],domain=MICROSOFT,num_heads=H)
        else:
            q=g.node("Add",[q,g.init(bias)])
            q=g.node("Reshape",[q,fold])
            q=g.node("Transpose",[g.node("Reshape",[q,g.ints(0,-1,H,HEAD)])],perm=[0,2,1,3])
            s=g.node("FusedMatMul",[q,f"cross_key_{i}"],domain=MICROSOFT,transB=1,alpha=.125)
            s=g.node("Softmax",[s],axis=-1)
            if heads: maps.append(g.node("Gather",[s,g.ints(*heads)],axis=1))
            y=g.node("MatMul",[s,f"cross_value_{i}"])
            y=g.node("Reshape",[g.node("Transpose",[y],perm=[0,2,1,3]),g.ints(0,-1,D)])
        y=g.node("Reshape",[y,g.node("Concat",[g.node("Shape",[tok]),g.ints(D)],axis=0)])
        y=linear(g,y,w[p+"/attention/linear_2/weight"],None,"dec")
        h,res=skipnorm(g,y,res,w,p+"/ffn/layer_norm",w[p+"/attention/linear_2/bias"])
        y=ffn(g,h,w,p+"/ffn","dec")
        nxt=f"decoder/layer_{i+1}/self_attention/layer_norm" if i+1<sh.decoder_layers else "decoder/layer_norm"
        h,res=skipnorm(g,y,res,w,nxt,w[p+"/ffn/linear_1/bias"])
    h=g.node("Gather",[h,at],axis=1)
    kind=opt("head","fp32")
    if kind=="fp32":
        flat=g.node("Reshape",[h,g.ints(-1,D)])
        y=g.node("Gemm",[flat,"embeddings"],transB=1)
        g.node("Reshape",[y,g.node("Concat",[g.node("Shape",[h],start=0,end=2),g.ints(-1)],axis=0)],["logits"])
    else:
        g.node("Identity",[linear(g,h,E,None,"head")],["logits"])
    g.output("logits",np.float32,["rows","picked",sh.vocabulary])
    m=g.node("Concat",maps,axis=1)  # items, heads, W*T, S
    n=len(align)
    rows=g.node("Shape",[tok],start=0,end=1)
    m=g.node("Reshape",[m,g.node("Concat",[items,g.ints(n,-1),T,g.node("Shape",["cross_key_0"],start=2,end=3)],axis=0)])
    m=g.node("Transpose",[m],perm=[0,2,1,3,4])
    g.node("Reshape",[m,g.node("Concat",[rows,g.ints(n),T,g.ints(-1)],axis=0)],["alignment"])
    g.output("alignment",np.float32,["rows",n,"tokens","frames"])
    return g.model()
