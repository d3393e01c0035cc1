using Berth.Linux;

namespace Berth.Vmm.Agent;

/// <summary>The terminal at a descriptor: raw, so that keys reach the guest's own terminal as they are.</summary>
internal static class HostTerminal
{
    private static readonly (int, int) s_default = (24, 80);

    public static void MakeRaw(FileDescriptor terminal) => Libc.SetTerminalMode(terminal, Libc.Raw(Libc.GetTerminalMode(terminal)));

    public static (int Rows, int Columns) SizeOf(FileDescriptor terminal)
    {
        Libc.winsize size = Libc.GetWindowSize(terminal);
        return size is { ws_row: > 0, ws_col: > 0 } ? (size.ws_row, size.ws_col) : s_default;
    }
}
