using System.Globalization;

namespace Berth.Daemon.Http;

/// <summary>A version of the Docker Engine API, such as 1.50.</summary>
internal readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    /// <summary>The newest version served and the one announced.</summary>
    public static readonly ApiVersion Newest = new(1, 50);

    /// <summary>The oldest version served.</summary>
    public static readonly ApiVersion Oldest = new(1, 40);

    /// <summary>Reads a path's first segment of the form <c>v1.50</c>.</summary>
    public static bool TryParseSegment(ReadOnlySpan<char> segment, out ApiVersion version)
    {
        version = default;
        int dot = segment.IndexOf('.');
        if (segment.Length is < 4 or > 12 || segment[0] != 'v' || dot < 2)
        {
            return false;
        }
        if (!int.TryParse(segment[1..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(segment[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            return false;
        }
        version = new(major, minor);
        return true;
    }

    /// <summary>Refuses a version outside the served range with Docker's wording.</summary>
    public void RequireServed()
    {
        if (this < Oldest)
        {
            throw new ApiException(400, $"client version {this} is too old. Minimum supported API version is {Oldest}, please upgrade your client to a newer version");
        }
        if (this > Newest)
        {
            throw new ApiException(400, $"client version {this} is too new. Maximum supported API version is {Newest}");
        }
    }

    public int CompareTo(ApiVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public override string ToString() => $"{Major}.{Minor:00}";

    public static bool operator <(ApiVersion left, ApiVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(ApiVersion left, ApiVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(ApiVersion left, ApiVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ApiVersion left, ApiVersion right) => left.CompareTo(right) >= 0;
}
