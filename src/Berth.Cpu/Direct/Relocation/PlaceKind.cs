namespace Berth.Cpu.Direct.Relocation;

/// <summary>What the guest's state is where relocated code stops.</summary>
internal enum PlaceKind : byte
{
    /// <summary>All is as before an instruction of the guest.</summary>
    Instruction,

    /// <summary>In the middle of what stands for one instruction: what comes next cannot fault.</summary>
    Within,

    /// <summary>As <see cref="Within"/>, but a fault may come: the instruction has not happened then, and registers lie in cells.</summary>
    Faulting,

    /// <summary>All is as before an instruction of the guest that must not run here.</summary>
    Leave,

    /// <summary>A jump to an address of the guest whose code is not known yet.</summary>
    Exit,

    /// <summary>An indirect jump to an address, in RCX, whose code is not known yet; what was in RCX and R11 lies in cells.</summary>
    Missing,
}
