using Berth.Linux;

namespace Berth.Cli.Terminal;

/// <summary>Colours a text, or leaves it alone where colours are not wanted (no terminal, or NO_COLOR is set).</summary>
internal readonly record struct Palette(bool Enabled)
{
    public string Red(string text) => Wrap("31", text);

    public string Green(string text) => Wrap("32", text);

    public string Yellow(string text) => Wrap("33", text);

    public string Bold(string text) => Wrap("1", text);

    public string Dim(string text) => Wrap("2", text);

    /// <summary>The palette that suits a descriptor.</summary>
    public static Palette For(FileDescriptor descriptor) =>
        new(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb")
            && Libc.IsTerminal(descriptor));

    private string Wrap(string code, string text) => Enabled ? $"\e[{code}m{text}\e[0m" : text;
}
