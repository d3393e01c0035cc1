using Berth.Images.Layers;

namespace Berth.Images.Tests.Layers;

public sealed class TarPipeTests
{
    [Fact]
    public async Task Run_CarriesEverything()
    {
        byte[] sent = new byte[1 << 20], got = [];
        new Random(1).NextBytes(sent);
        await TarPipe.RunAsync(output => output.WriteAsync(sent).AsTask(), async input =>
        {
            using var all = new MemoryStream();
            await input.CopyToAsync(all);
            got = all.ToArray();
        });
        Assert.Equal(sent, got);
    }

    [Fact]
    public async Task Run_WriterFails_ItsErrorIsTold() =>
        Assert.Equal("writer", (await Assert.ThrowsAsync<InvalidDataException>(() => TarPipe.RunAsync(_ => throw new InvalidDataException("writer"), input => input.CopyToAsync(Stream.Null)))).Message);

    [Fact]
    public async Task Run_ReaderFails_WriterDoesNotWaitForEver() =>
        Assert.Equal("reader", (await Assert.ThrowsAsync<InvalidDataException>(() => TarPipe.RunAsync(
            async output =>
            {
                for (int i = 0; i < 1000; i++)
                    await output.WriteAsync(new byte[10_000]);
            },
            _ => throw new InvalidDataException("reader")))).Message);
}
