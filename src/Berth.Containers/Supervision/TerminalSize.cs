namespace Berth.Containers.Supervision;

/// <summary>Size of a terminal in characters; see ioctl_tty(2), TIOCSWINSZ.</summary>
public readonly record struct TerminalSize(int Rows, int Columns);
