using Berth.Cli.Api;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary>The registry's own program, which lies beside this one; the command becomes it.</summary>
internal static class RegistryProgram
{
    /// <summary>Replaces this process.</summary>
    public static int Become(IEnumerable<string> arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "berth-registry");
        if (!File.Exists(program))
        {
            throw new CliException($"{program} is missing: berth and berth-registry belong in one folder", 125);
        }
        throw Libc.Execute(program, ["berth-registry", .. arguments]);
    }
}
