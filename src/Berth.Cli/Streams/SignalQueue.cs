using System.Runtime.InteropServices;
using Berth.Linux;

namespace Berth.Cli.Streams;

/// <summary>Catches signals and makes them readable on a descriptor, one byte each, so that one loop waits for everything.</summary>
internal sealed class SignalQueue : IDisposable
{
    /// <summary>SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM: what a user or a service manager sends.</summary>
    public static readonly int[] Forwarded = [1, 2, 3, 10, 12, 15];

    /// <summary>The terminal's size changed.</summary>
    public const int WindowChanged = 28;

    private readonly FileDescriptor _write;
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Catches <paramref name="signals"/>.</summary>
    public SignalQueue(params ReadOnlySpan<int> signals)
    {
        (Descriptor, _write) = Libc.Pipe();
        foreach (var signal in signals)
        {
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
            {
                context.Cancel = true;
                _ = Libc.TryWrite(_write, [(byte)signal]);
            }));
        }
    }

    /// <summary>Readable when a signal arrived.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>Takes the next signal; wait on <see cref="Descriptor"/> first.</summary>
    public int Take()
    {
        Span<byte> one = stackalloc byte[1];
        return Libc.Read(Descriptor, one) == 1 ? one[0] : 0;
    }

    /// <summary>The signal's name as the API wants it.</summary>
    public static string NameOf(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        10 => "SIGUSR1",
        12 => "SIGUSR2",
        15 => "SIGTERM",
        _ => signal.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
        _write.Dispose();
        Descriptor.Dispose();
    }
}
