using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Berth.Compose.Running;

namespace Berth.Compose.Tests.Running;

/// <summary>Answers calls by a function and remembers them.</summary>
internal sealed class FakeEngine : IEngine
{
    public ConcurrentQueue<string> Calls { get; } = [];

    public ConcurrentQueue<JsonNode?> Bodies { get; } = [];

    public List<BuildSource> Sources { get; } = [];

    public List<string> BuildAnswer { get; } = [];

    /// <summary>The answer to a call; null is an empty one.</summary>
    public Func<string, JsonNode?> Answer { get; init; } = _ => null;

    public JsonNode? Call(string method, string target, JsonNode? body = null)
    {
        Calls.Enqueue($"{method} {target}");
        Bodies.Enqueue(body);
        return Answer($"{method} {target}");
    }

    public IEnumerable<JsonNode> Upload(string method, string target, Stream archive)
    {
        Calls.Enqueue($"{method} {target}");
        return [];
    }

    public IEnumerable<JsonNode> Build(string target, BuildSource source)
    {
        Calls.Enqueue($"POST {target}");
        Sources.Add(source);
        return BuildAnswer.Select(line => JsonNode.Parse(line)!);
    }

    public void Pull(string image, string? platform) => Calls.Enqueue($"pull {image}");
}
