namespace Berth.Linux.Launch;

/// <summary>A program that waits for a byte from a descriptor and then becomes another program. It has memory of its own, so whoever started it may end.</summary>
public static class GateProgram
{
    /// <summary>The program, to be run by <see cref="Execute"/>.</summary>
    /// <param name="gate">Number of the descriptor in the process; a FIFO open for both reading and writing never ends early.</param>
    /// <param name="executable">What it becomes.</param>
    /// <param name="arguments">Its arguments, argv[0] first.</param>
    /// <param name="environment">Its environment.</param>
    public static FileDescriptor Build(int gate, string executable, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        using CallTable table = new(
        [
            new("wait for the start", SystemCall.read, [gate, ChildArgument.Bytes(new byte[8]), 1]),
            new("close the gate on exec", SystemCall.fcntl, [gate, Libc.F_SETFD, Libc.FD_CLOEXEC]),
            new("execve", SystemCall.execve, [executable, ChildArgument.Strings(arguments), ChildArgument.Strings(environment)]),
        ], CallProgram.TableAddress);
        // A failure that nobody waits for is told to the gate itself.
        using FileDescriptor status = new(gate, ownsHandle: false);
        return Libc.SealedFile("berth-gate", CallProgram.Build(table, status));
    }

    /// <summary>The call by which a child becomes the program.</summary>
    public static ChildCall Execute(FileDescriptor program) => CallProgram.Execute("execve", program, "berth-gate");
}
