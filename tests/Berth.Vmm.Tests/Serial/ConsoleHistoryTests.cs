using Berth.Vmm.Serial;

namespace Berth.Vmm.Tests.Serial;

public sealed class ConsoleHistoryTests
{
    [Fact]
    public void ToArray_AnyWrites_IsTheEndOfAllThatWasAdded()
    {
        Random random = new(5);
        ConsoleHistory history = new();
        List<byte> all = [];
        for (int i = 0; i < 300; i++)
        {
            byte[] part = new byte[random.Next(0, i % 50 == 0 ? 300_000 : 3000)];
            random.NextBytes(part);
            history.Add(part);
            all.AddRange(part);
            int kept = Math.Min(all.Count, 128 << 10);
            Assert.Equal(all.GetRange(all.Count - kept, kept), history.ToArray());
        }
    }
}
