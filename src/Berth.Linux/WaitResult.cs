namespace Berth.Linux;

/// <summary>How a child ended: CLD_EXITED with its exit code, or CLD_KILLED/CLD_DUMPED with the signal.</summary>
public readonly record struct WaitResult(int Pid, int Code, int Status)
{
    /// <summary>The shell's convention: the exit code, or 128 + the signal's number.</summary>
    public int ExitCode => Code == Libc.CLD_EXITED ? Status : 128 + Status;

    /// <summary>The signal that ended it, 0 when it exited by itself.</summary>
    public int Signal => Code == Libc.CLD_EXITED ? 0 : Status;

    /// <summary>Reads a classic wait status, as PIDFD_GET_INFO reports it.</summary>
    public static WaitResult FromStatus(int pid, int status) =>
        (status & 0x7F) == 0 ? new(pid, Libc.CLD_EXITED, (status >> 8) & 0xFF) : new(pid, Libc.CLD_KILLED, status & 0x7F);
}
