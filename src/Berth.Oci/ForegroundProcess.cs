using System.Runtime.InteropServices;
using Berth.Containers.Lifecycle;
using Berth.Linux;

namespace Berth.Oci;

/// <summary>Waits for a child, passing on the signals that this process gets.</summary>
internal static class ForegroundProcess
{
    private static readonly int[] s_forwarded = [1, 2, 3, 10, 12, 15];

    /// <summary>Its exit code, or 128 + the signal that ended it.</summary>
    public static int Wait(FileDescriptor process)
    {
        PosixSignalRegistration[] registrations = [.. s_forwarded.Select(signal => PosixSignalRegistration.Create((PosixSignal)signal, context =>
        {
            context.Cancel = true;
            Libc.SendSignal(process, signal);
        }))];
        try
        {
            return Libc.Wait(process)!.Value.ExitCode;
        }
        finally
        {
            foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        }
    }

    /// <summary>The standard streams of this process, given on.</summary>
    public static ProcessStdio Stdio { get; } =
        new(new FileDescriptor(0, ownsHandle: false), new FileDescriptor(1, ownsHandle: false), new FileDescriptor(2, ownsHandle: false));
}
