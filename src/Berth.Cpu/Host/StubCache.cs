using System.Runtime.InteropServices;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Host;

/// <summary>Host code for instructions that the host processor itself executes: one small stub per form loads the operands from the vCPU
/// state, runs that very instruction, and stores the results. Exact by construction; only on x86-64 hosts with the baseline's features.</summary>
internal sealed unsafe class StubCache : IDisposable
{
    // Forms are bounded: opcodes times immediates; register numbers are not part of a form.
    private const long Size = 32 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, nint> _stubs = [];
    private readonly ExecutableMemory? _memory;
    private readonly nint _compareExchange16;

    public StubCache()
    {
        if (!IsSupported) return;
        _memory = new ExecutableMemory(Size);
        _compareExchange16 = _memory.Add(StubCode.CompareExchange16(_memory.Next));
    }

    /// <summary>Whether this host can run stubs. Without them x87, SSE and AVX instructions raise #UD.</summary>
    public static bool IsSupported { get; } =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 && System.Runtime.Intrinsics.X86.Avx2.IsSupported
        && System.Runtime.Intrinsics.X86.Fma.IsSupported && System.Runtime.Intrinsics.X86.Bmi2.X64.IsSupported;

    /// <summary>The stub for an instruction; 0 if there can be none.</summary>
    public nint Get(in Instruction instruction, StubKind kind)
    {
        if (_memory is null) return 0;
        Instruction normal = StubCode.Normalize(instruction, kind);
        var bytes = new CodeBytes();
        if (!Encoder.Create(64, bytes).TryEncode(normal, 0, out _, out _)) return 0;
        string key = Convert.ToHexString(bytes.Span);
        lock (_gate)
        {
            if (_stubs.TryGetValue(key, out nint stub)) return stub;
            stub = _memory.Add(StubCode.Emit(instruction, normal, kind, _memory.Next));
            if (stub != 0) _stubs.Add(key, stub);
            return stub;
        }
    }

    /// <summary>Runs a stub; <paramref name="memory"/> is the host address of its memory operand.</summary>
    // SAFETY: the stub was generated for this operation; it touches the state block and the operand only. It neither blocks nor calls back.
    public static void Run(nint stub, CpuState* s, Op* o, void* memory) =>
        ((delegate* unmanaged[SuppressGCTransition]<CpuState*, Op*, void*, void>)stub)(s, o, memory);

    /// <summary>LOCK CMPXCHG16B: <paramref name="pair"/> holds expected low, high, new low, high; the old value replaces the first two.</summary>
    public bool CompareExchange16(byte* target, ulong* pair)
    {
        if (_compareExchange16 != 0)
            return ((delegate* unmanaged[SuppressGCTransition]<byte*, ulong*, byte>)_compareExchange16)(target, pair) != 0;
        // Hosts without the instruction: exclusive among users of this path only.
        lock (_gate)
        {
            ulong* old = (ulong*)target;
            bool equal = old[0] == pair[0] && old[1] == pair[1];
            (pair[0], pair[1]) = (old[0], old[1]);
            if (equal) (old[0], old[1]) = (pair[2], pair[3]);
            return equal;
        }
    }

    public void Dispose() => _memory?.Dispose();
}
