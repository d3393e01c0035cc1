using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Cli.Api;
using Berth.Cli.Building;
using Berth.Cli.CommandLine;
using Berth.Cli.Http;
using Berth.Cli.Registries;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>The daemon as composing sees it: a connection for each call under way, kept for the next.</summary>
internal sealed class ApiEngine(CommandContext context) : IEngine, IDisposable
{
    private readonly ConcurrentBag<ApiClient> _idle = [];

    /// <inheritdoc/>
    public JsonNode? Call(string method, string target, JsonNode? body = null) => Guard(client =>
    {
        using var exchange = client.Send(method, target, body is null ? default : Encoding.UTF8.GetBytes(body.ToJsonString()));
        var answer = exchange.Body.ReadAll();
        return answer.IsEmpty ? null : Parse(answer.Span);
    });

    /// <inheritdoc/>
    public IEnumerable<JsonNode> Upload(string method, string target, Stream archive) => Upload(method, target, archive, null);

    private IEnumerable<JsonNode> Upload(string method, string target, Stream archive, (string, string)? header)
    {
        using var client = NewClient();
        using var exchange = Translated(() => client.Upload(method, target, archive, header: header));
        foreach (var message in JsonMessages.Read(exchange.Body))
        {
            using (message)
            {
                if (Parse(Encoding.UTF8.GetBytes(message.RootElement.GetRawText())) is { } node)
                {
                    yield return node;
                }
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<JsonNode> Build(string target, BuildSource source)
    {
        using var context = Open(source);
        var credentials = CredentialFile.Default(Environment.GetEnvironmentVariable).ToConfigHeader();
        foreach (var message in Upload("POST", $"{target}&dockerfile={Uri.EscapeDataString(context.Dockerfile)}", context.Content, ("X-Registry-Config", credentials)))
        {
            yield return message;
        }
        Translated(context.ThrowIfFailed);
    }

    private ContextArchive Open(BuildSource source) => Translated(() => source.Inline is { } text
        ? ContextArchive.OpenWith(source.Directory, Encoding.UTF8.GetBytes(text))
        : ContextArchive.Open(context.StdIn, source.Directory, source.Dockerfile));

    /// <inheritdoc/>
    public void Pull(string image, string? platform)
    {
        using CommandContext own = new(context.Paths) { MayStartDaemon = context.MayStartDaemon };
        Translated(() => new ImagePull(own) { Quiet = true, Platform = platform }.Run(image));
    }

    /// <summary>A client of the caller's own, for a stream that stays open.</summary>
    public ApiClient NewClient() => new(new DaemonConnector(context).Connect);

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryTake(out var client))
        {
            client.Dispose();
        }
    }

    private T Guard<T>(Func<ApiClient, T> call)
    {
        var client = _idle.TryTake(out var idle) ? idle : NewClient();
        try
        {
            return Translated(() => call(client));
        }
        finally
        {
            _idle.Add(client);
        }
    }

    private static void Translated(Action call) => Translated(() =>
    {
        call();
        return true;
    });

    private static T Translated<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (ApiException e)
        {
            throw new EngineCallException(e.Status, e.Message, e);
        }
        catch (CliException e)
        {
            throw new EngineCallException(0, e.Message, e);
        }
    }

    private static JsonNode? Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new ProtocolException($"the daemon's answer is not JSON: {e.Message}");
        }
    }
}
