namespace Berth.Containers.Cgroups.V2;

/// <summary>Translates the v1 scale of CPU shares into the v2 scale of weights.</summary>
internal static class CpuWeight
{
    /// <summary>
    /// Shares 2 to 262144 become weights 1 to 10000 along a curve through the defaults of both scales, 1024 and 100.
    /// A straight line would turn the default share into weight 39 and starve containers beside plain processes.
    /// </summary>
    public static ulong FromShares(ulong shares)
    {
        if (shares <= 2)
            return 1;
        if (shares >= 262144)
            return 10000;
        double l = Math.Log2(shares);
        return (ulong)Math.Clamp(Math.Ceiling(Math.Pow(10, (l * l + 125 * l) / 612 - 7.0 / 34)), 1, 10000);
    }
}
