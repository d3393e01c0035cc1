using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Instructions without an emitter: the interpreter's handler runs them, and generated code goes on at what follows.</summary>
internal sealed unsafe partial class BlockTranslator
{
    // HLT stops the processor.
    private static bool CanAssist(in Instruction i) => !i.IsInvalid && i.Mnemonic != Mnemonic.Hlt;

    private void EmitAssist(int k)
    {
        SaveFlags();
        ulong rip = _code[k].IP;
        int distance = (int)(rip - _start);
        // SAFETY: room for one block of one operation; the instruction lies wholly in the page, or it would not have been decoded.
        byte* room = stackalloc byte[sizeof(Block) + sizeof(Op)];
        var block = (Block*)room;
        decoder.DecodeOne(block, _bytes + distance, 0x1000 - (int)(rip & 0xFFF), codeSize: 2);
        AssistSite site = new() { Rip = rip, Next = block->Branches ? 0 : rip + block->Length, Op = *block->Ops };
        e.Call(stubs.Assist);
        e.Bytes(new ReadOnlySpan<byte>(&site, sizeof(AssistSite)));
    }
}
