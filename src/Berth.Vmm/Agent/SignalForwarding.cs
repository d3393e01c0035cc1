using System.Runtime.InteropServices;

namespace Berth.Vmm.Agent;

/// <summary>Takes the signals sent to this process that are meant for a process in the guest.</summary>
internal sealed class SignalForwarding : IDisposable
{
    // signal(7): those that cannot be caught, those that report this process's own faults or state, and those of the runtime.
    private static readonly int[] s_own = [4, 5, 6, 7, 8, 9, 11, 17, 18, 19, 20, 21, 22, 28, 31, 32, 33, 34];
    private const int Last = 64;

    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Tells signal numbers, and changes of the terminal's size.</summary>
    public SignalForwarding(Action<int> signalled, Action resized)
    {
        for (int number = 1; number <= Last; number++)
        {
            if (Array.IndexOf(s_own, number) >= 0) continue;
            int signal = number;
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
            {
                context.Cancel = true;
                signalled(signal);
            }));
        }
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => resized()));
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }
}
