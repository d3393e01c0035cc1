using System.Text;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Linux;

namespace Berth.Cli.Terminal;

/// <summary>Asks for a line on the terminal.</summary>
internal static class Prompt
{
    private const int MaximumLine = 64 * 1024;

    /// <summary>Asks; with <paramref name="hidden"/> the terminal does not show what is typed.</summary>
    public static string Ask(CommandContext context, string question, bool hidden)
    {
        if (!Libc.IsTerminal(context.StdIn))
        {
            throw new CliException("there is no terminal to ask for a user name or password: give --username and --password-stdin");
        }
        context.Error.Write(question);
        context.Flush();
        if (!hidden)
        {
            return ReadLine(context);
        }
        var saved = Libc.GetTerminalMode(context.StdIn);
        Libc.SetTerminalMode(context.StdIn, Libc.WithoutEcho(saved));
        try
        {
            return ReadLine(context);
        }
        finally
        {
            Libc.SetTerminalMode(context.StdIn, saved);
            context.Error.WriteLine();
        }
    }

    /// <summary>Reads standard input up to the end of a line, or to its end.</summary>
    public static string ReadLine(CommandContext context)
    {
        List<byte> line = [];
        Span<byte> one = stackalloc byte[1];
        while (line.Count < MaximumLine && Libc.Read(context.StdIn, one) == 1 && one[0] != '\n')
        {
            line.Add(one[0]);
        }
        return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
    }
}
