using Berth.Linux;

namespace Berth.Cli.Terminal;

/// <summary>Size of the user's terminal in characters.</summary>
internal readonly record struct TerminalSize(int Rows, int Columns)
{
    /// <summary>Size of the terminal behind a descriptor, or null when there is none.</summary>
    public static TerminalSize? Of(FileDescriptor descriptor)
    {
        if (!Libc.IsTerminal(descriptor))
        {
            return null;
        }
        var size = Libc.GetWindowSize(descriptor);
        return size.ws_row > 0 && size.ws_col > 0 ? new TerminalSize(size.ws_row, size.ws_col) : null;
    }
}
