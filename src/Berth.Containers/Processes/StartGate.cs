using Berth.Linux;
using Berth.Linux.Launch;

namespace Berth.Containers.Processes;

/// <summary>Where a created process waits to be started: see <see cref="GateProgram"/>.</summary>
internal sealed class StartGate : IDisposable
{
    // Above every number that the process is given.
    private const int Lowest = 64;
    private readonly FileDescriptor _program;

    /// <param name="gate">The FIFO.</param>
    /// <param name="number">The first number in the process that nothing else takes.</param>
    /// <param name="executable">What the process becomes.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Its environment.</param>
    public StartGate(FileDescriptor gate, int number, string executable, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        Number = number;
        Descriptor = Libc.Duplicate(gate, Lowest);
        using FileDescriptor program = GateProgram.Build(number, executable, arguments, environment);
        _program = Libc.Duplicate(program, Lowest);
    }

    /// <summary>The FIFO, under a number above those of the process.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>Its number in the process.</summary>
    public int Number { get; }

    /// <summary>The call that takes the place of execve.</summary>
    public ChildCall Execute => GateProgram.Execute(_program);

    public void Dispose()
    {
        Descriptor.Dispose();
        _program.Dispose();
    }
}
