using Berth.Cli.CommandLine;
using Berth.Linux;

namespace Berth.Cli;

/// <summary>Asks before something is removed.</summary>
internal static class Confirmation
{
    /// <summary>True when the user types y.</summary>
    public static bool Ask(CommandContext context, string warning)
    {
        context.Error.Write($"{context.ErrorColors.Yellow("WARNING!")} {warning}\nGo on? [y/N] ");
        context.Flush();
        Span<byte> typed = stackalloc byte[64];
        var count = Libc.TryRead(context.StdIn, typed);
        return count > 0 && (typed[0] | 0x20) == 'y';
    }
}
