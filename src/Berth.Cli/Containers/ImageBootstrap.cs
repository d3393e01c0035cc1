using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Terminal;

namespace Berth.Cli.Containers;

/// <summary>Has the daemon make one of the images Berth knows how to make from distribution packages, and shows the progress.</summary>
internal sealed class ImageBootstrap(CommandContext context)
{
    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>True for <c>busybox</c>, <c>debian</c> and <c>debian:SUITE</c>, with or without docker.io/library/ before them.</summary>
    public static bool Knows(string image) => ShortName(image) is not null;

    /// <summary>Makes the image.</summary>
    public void Run(string image)
    {
        var name = ShortName(image)
            ?? throw new CliException($"Berth does not know how to make {image}: it makes busybox, debian and debian:SUITE (bookworm, trixie, …)");
        using var exchange = context.Api.Send("POST", new Query("/berth/images/bootstrap").Add("name", name).ToString());
        new ProgressReport(context) { Quiet = Quiet }.Show(exchange.Body, $"Making the image {name}");
    }

    private static string? ShortName(string image)
    {
        var name = image;
        foreach (var prefix in (string[])["docker.io/library/", "docker.io/", "library/"])
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                name = name[prefix.Length..];
                break;
            }
        }
        if (name is "busybox" or "busybox:latest")
        {
            return "busybox";
        }
        if (name is "debian" or "debian:latest")
        {
            return "debian";
        }
        return name.StartsWith("debian:", StringComparison.Ordinal) && name["debian:".Length..] is { Length: > 0 and < 32 } suite
            && suite.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            ? name
            : null;
    }
}
