using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.Output;

namespace Berth.Cli.Copy;

/// <summary>What a path in a container is, from the API's X-Docker-Container-Path-Stat header.</summary>
/// <param name="Name">Last part of the path.</param>
/// <param name="IsDirectory">A directory, or a link to one when asked to follow.</param>
/// <param name="LinkTarget">Target of a symbolic link, else empty.</param>
internal readonly record struct PathStat(string Name, bool IsDirectory, string LinkTarget)
{
    private const string Header = "X-Docker-Container-Path-Stat";
    private const long DirectoryBit = 1L << 31; // Go's os.ModeDir

    /// <summary>Asks the daemon; null when there is no such path.</summary>
    public static PathStat? Of(ApiClient api, string container, string path)
    {
        try
        {
            using var exchange = api.Send("HEAD", new Query($"/containers/{Query.Escape(container)}/archive").Add("path", path).ToString());
            return Read(exchange);
        }
        catch (ApiException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads the header of an answer.</summary>
    public static PathStat Read(Exchange exchange)
    {
        try
        {
            using var json = JsonDocument.Parse(Convert.FromBase64String(exchange.Header(Header) ?? ""));
            var root = json.RootElement;
            return new PathStat(root.Text("name"), (root.Number("mode") & DirectoryBit) != 0, root.Text("linkTarget"));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new Http.ProtocolException("the daemon did not say what the path is");
        }
    }
}
