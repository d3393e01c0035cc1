using System.Text;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Building;

/// <summary>The value of <c>--secret</c>: <c>id=NAME[,src=FILE|,env=VARIABLE]</c>.</summary>
internal static class SecretSpec
{
    private const int MaximumBytes = 500 * 1024;

    /// <summary>The secret's id and content.</summary>
    public static (string Id, byte[] Content) Read(string text)
    {
        string? id = null, file = null, variable = null;
        foreach (var field in text.Split(','))
        {
            var parts = field.Split('=', 2);
            _ = (parts[0], parts.Length > 1 ? parts[1] : "") switch
            {
                ("id", { Length: > 0 } value) => id = value,
                ("src" or "source", { Length: > 0 } value) => file = value,
                ("env", { Length: > 0 } value) => variable = value,
                ("type", "file" or "env") => "",
                _ => throw new UsageException($"invalid value \"{text}\" for --secret: use id=NAME,src=FILE or id=NAME,env=VARIABLE"),
            };
        }
        if (id is null)
        {
            throw new UsageException($"invalid value \"{text}\" for --secret: id=NAME is missing");
        }
        if (variable is not null || (file is null && Environment.GetEnvironmentVariable(id) is not null))
        {
            variable ??= id;
            return (id, Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(variable) ?? throw new CliException($"--secret {id}: the environment has no {variable}")));
        }
        FileInfo info = new(file ?? id);
        return !info.Exists ? throw new CliException($"--secret {id}: there is no file {info.Name}")
            : info.Length > MaximumBytes ? throw new CliException($"--secret {id}: {info.Name} has more than {MaximumBytes} bytes")
            : (id, File.ReadAllBytes(info.FullName));
    }
}
