using System.Runtime.InteropServices;
using Berth.X86;

namespace Berth.Cpu.State;

/// <summary>The unmanaged state of one vCPU. Offsets are fixed: decoded instructions and generated code address it directly.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2560)]
internal unsafe struct CpuState
{
    /// <summary>Register slot that holds the offset of the running block, base of RIP-relative operands.</summary>
    public const int BlockRip = 16;

    /// <summary>Register slot that is always zero: stands for an absent base, index or segment base.</summary>
    public const int ZeroSlot = 17;

    public const int XsaveOffset = 1024, XmmOffset = XsaveOffset + 160, YmmHighOffset = XsaveOffset + 576, MxcsrOffset = XsaveOffset + 24;
    public const int ScratchOffset = 1920, HostMxcsrOffset = 2176, StubMxcsrOffset = 2180, StubFlagsOffset = 2184;
    public const int HostPointers = 4;
    public const int SegmentBaseOffset = 256;

    /// <summary>RAX to R15, then <see cref="BlockRip"/> and <see cref="ZeroSlot"/>.</summary>
    [FieldOffset(0)] public fixed ulong Registers[20];
    [FieldOffset(160)] public ulong Rip;

    /// <summary>Status flags, not yet worked out; see <see cref="Flags"/>.</summary>
    [FieldOffset(168)] public long FlagResult;
    [FieldOffset(176)] public ulong FlagCarry;

    /// <summary>RFLAGS without the six status flags.</summary>
    [FieldOffset(184)] public ulong SystemFlags;

    /// <summary>Entries of the current access mode.</summary>
    [FieldOffset(192)] public TlbEntry* Tlb;

    /// <summary>Not zero while the dispatcher should look at <see cref="Pending"/>: what generated code polls.</summary>
    [FieldOffset(200)] public int Poll;

    /// <summary>End of the running block; a store into decoded code pulls it in.</summary>
    [FieldOffset(208)] public Op* BlockEnd;

    /// <summary>Requests of other threads, <see cref="CpuSignal"/>; changed atomically.</summary>
    [FieldOffset(216)] public int Pending;

    /// <summary>Not zero while instructions must run one at a time (TF, breakpoints, interrupt shadow).</summary>
    [FieldOffset(220)] public int Step;
    [FieldOffset(224)] public byte* Watch;
    [FieldOffset(232)] public byte* RamBase;
    [FieldOffset(240)] public ulong Instructions;

    /// <summary>Bases of ES to GS as operands use them: zero for all but FS and GS in 64-bit mode.</summary>
    [FieldOffset(SegmentBaseOffset)] public fixed ulong SegmentBases[8];
    [FieldOffset(320)] public Segment Es;
    [FieldOffset(336)] public Segment Cs;
    [FieldOffset(352)] public Segment Ss;
    [FieldOffset(368)] public Segment Ds;
    [FieldOffset(384)] public Segment Fs;
    [FieldOffset(400)] public Segment Gs;
    [FieldOffset(416)] public Segment Tr;
    [FieldOffset(432)] public Segment Ldt;
    [FieldOffset(448)] public ulong GdtBase;
    [FieldOffset(456)] public ulong IdtBase;
    [FieldOffset(464)] public ushort GdtLimit;
    [FieldOffset(466)] public ushort IdtLimit;

    [FieldOffset(480)] public ulong Cr0;
    [FieldOffset(488)] public ulong Cr2;
    [FieldOffset(496)] public ulong Cr3;
    [FieldOffset(504)] public ulong Cr4;
    [FieldOffset(512)] public ulong Efer;
    [FieldOffset(520)] public ulong Xcr0;
    [FieldOffset(528)] public fixed ulong Debug[8];

    /// <summary>Privilege level.</summary>
    [FieldOffset(592)] public int Cpl;

    /// <summary>0, 1, 2 for 16-, 32-, 64-bit code.</summary>
    [FieldOffset(596)] public int CodeSize;

    /// <summary>Mask of the stack pointer: 16, 32 or 64 bits.</summary>
    [FieldOffset(600)] public ulong StackMask;

    /// <summary>The fault being reported: vector, or -1.</summary>
    [FieldOffset(608)] public int FaultVector;
    [FieldOffset(612)] public uint FaultError;
    [FieldOffset(616)] public int FaultHasError;

    /// <summary>Why the loop left a block without a fault; <see cref="StopReason"/>.</summary>
    [FieldOffset(620)] public StopReason Stop;

    /// <summary>Breakpoint conditions met by the running instruction, as DR6 bits.</summary>
    [FieldOffset(624)] public ulong DebugHits;

    /// <summary>Interrupts are held off until the instruction after the next has begun (STI, MOV SS).</summary>
    [FieldOffset(632)] public int Shadow;

    [FieldOffset(640)] public ulong Star;
    [FieldOffset(648)] public ulong Lstar;
    [FieldOffset(656)] public ulong Cstar;
    [FieldOffset(664)] public ulong Fmask;
    [FieldOffset(672)] public ulong KernelGsBase;
    [FieldOffset(680)] public ulong SysenterCs;
    [FieldOffset(688)] public ulong SysenterEsp;
    [FieldOffset(696)] public ulong SysenterEip;
    [FieldOffset(704)] public ulong TscAux;
    [FieldOffset(712)] public ulong TscAdjust;
    [FieldOffset(720)] public ulong Pat;

    /// <summary>Last x87 instruction and operand, as FXSAVE reports them.</summary>
    [FieldOffset(728)] public ulong X87Rip;
    [FieldOffset(736)] public ulong X87Operand;

    /// <summary>What was allocated for this block; see <see cref="CpuMemory"/>.</summary>
    [FieldOffset(744)] public nint Allocation;

    /// <summary>A handle to the translator, for callbacks from generated code.</summary>
    [FieldOffset(752)] public nint Translator;

    /// <summary>Status flags outside generated code: OF in bit 0, the flags of LAHF in bits 8-15.</summary>
    [FieldOffset(760)] public ushort RawFlags;

    /// <summary>Vector registers in the host: 1 for SSE, 2 for AVX instructions allowed; 0 while their values are in this block.</summary>
    [FieldOffset(764)] public int VectorsLoaded;

    /// <summary>What <see cref="VectorsLoaded"/> may become.</summary>
    [FieldOffset(768)] public int VectorsReady;

    /// <summary>As <see cref="VectorsLoaded"/>, for the x87 registers.</summary>
    [FieldOffset(772)] public int X87Loaded;
    [FieldOffset(776)] public int X87Ready;

    /// <summary>Number of the direct exit that generated code was left by.</summary>
    [FieldOffset(780)] public int Exit;

    /// <summary>A value on its way between generated code and its runtime.</summary>
    [FieldOffset(784)] public ulong Argument;
    [FieldOffset(792)] public ulong Temporary;

    /// <summary>Watch byte of a host address: this plus the address divided by 4096.</summary>
    [FieldOffset(800)] public nint WatchBias;

    /// <summary>Falls by each instruction of generated code that was asked to count them; below zero every loop ends at the dispatcher.</summary>
    [FieldOffset(808)] public long Countdown;

    /// <summary>Where generated code keeps host addresses of groups of accesses.</summary>
    [FieldOffset(816)] public fixed long HostPointer[HostPointers];

    /// <summary>Value of a loop's induction register at which its pages must be checked again.</summary>
    [FieldOffset(848)] public ulong LoopLimit;

    /// <summary>Standard XSAVE area: x87 and SSE at 0, header at 512, upper halves of YMM at 576.</summary>
    [FieldOffset(XsaveOffset)] public fixed byte Xsave[832];
    [FieldOffset(XsaveOffset + 0)] public ushort Fcw;
    [FieldOffset(XsaveOffset + 2)] public ushort Fsw;
    [FieldOffset(XsaveOffset + 4)] public byte Ftw;
    [FieldOffset(XsaveOffset + 6)] public ushort Fop;
    [FieldOffset(XsaveOffset + 8)] public ulong Fip;
    [FieldOffset(XsaveOffset + 16)] public ulong Fdp;
    [FieldOffset(MxcsrOffset)] public uint Mxcsr;
    [FieldOffset(MxcsrOffset + 4)] public uint MxcsrMask;

    /// <summary>Memory operand of a host stub.</summary>
    [FieldOffset(ScratchOffset)] public fixed byte Scratch[256];

    /// <summary>MXCSR of managed code.</summary>
    [FieldOffset(HostMxcsrOffset)] public uint HostMxcsr;

    /// <summary>MXCSR in and out of a host stub: guest rounding, all exceptions masked.</summary>
    [FieldOffset(StubMxcsrOffset)] public uint StubMxcsr;

    /// <summary>RFLAGS in and out of a host stub.</summary>
    [FieldOffset(StubFlagsOffset)] public ulong StubFlags;
}
