using Berth.Engine.Instances;

namespace Berth.Engine.Tests.Instances;

public sealed class ClientStreamTests
{
    [Fact]
    public async Task Write_DetachKeys_EndTheStreamAndForwardWhatCameBefore()
    {
        using var inner = new MemoryStream();
        await using var stream = new ClientStream(inner, DetachKeys.Parse("ctrl-p,ctrl-q"), null);
        await stream.WriteAsync(new byte[] { 65, 16 }, TestContext.Current.CancellationToken);
        await stream.WriteAsync(new byte[] { 66, 16, 16, 17, 67 }, TestContext.Current.CancellationToken);
        Assert.Equal([65, 16, 66, 16], inner.ToArray());
        Assert.Equal(0, await stream.ReadAsync(new byte[8], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("ctrl-")]
    [InlineData("abc")]
    [InlineData("a,,b")]
    public void Parse_WrongKeys_AreRefused(string keys) => Assert.Throws<EngineException>(() => DetachKeys.Parse(keys));
}
