using Berth.Linux;

namespace Berth.Cli.Terminal;

/// <summary>Puts the user's terminal into raw mode until disposed. Disposing twice, or after the terminal went away, does no harm.</summary>
internal sealed class RawTerminal : IDisposable
{
    private readonly FileDescriptor _terminal;
    private readonly Libc.termios _saved;
    private bool _restored;

    private RawTerminal(FileDescriptor terminal)
    {
        _terminal = terminal;
        _saved = Libc.GetTerminalMode(terminal);
        // The runtime ends the process on some paths without unwinding; the terminal must not stay raw.
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        Libc.SetTerminalMode(terminal, Libc.Raw(_saved));
    }

    /// <summary>Raw mode for <paramref name="descriptor"/>, or null when it is no terminal.</summary>
    public static RawTerminal? Enter(FileDescriptor descriptor) => Libc.IsTerminal(descriptor) ? new RawTerminal(descriptor) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        Restore();
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    private void Restore()
    {
        if (_restored)
        {
            return;
        }
        _restored = true;
        try
        {
            Libc.SetTerminalMode(_terminal, _saved);
        }
        catch (LinuxException)
        {
            // The terminal was closed.
        }
    }
}
