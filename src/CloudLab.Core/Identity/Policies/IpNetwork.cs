using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// Addresses and ranges as policies have them: a bare address, or a CIDR range whose bits beyond the prefix may be set. Read here and not by
/// .NET, which refuses such ranges and takes other things for addresses (<c>10.1</c>, <c>0x7f.1</c>, <c>fe80::1%eth0</c>).
/// </summary>
/// <param name="Address">The address as 128 bits; one of IPv4 as <c>::ffff:a.b.c.d</c>.</param>
/// <param name="Bits">How many leading bits of these 128 count.</param>
internal readonly record struct IpNetwork(UInt128 Address, int Bits)
{
    private static readonly UInt128 V4 = new(0, 0xffff_0000_0000);

    /// <summary>Reads an address or a range.</summary>
    /// <param name="text">Text.</param>
    /// <param name="network">What it says.</param>
    /// <returns>False where it is neither.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out IpNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/');
        if (!TryAddress(slash < 0 ? text : text[..slash], out UInt128 address, out bool v4))
        {
            return false;
        }

        int bits = 128;
        if (slash >= 0)
        {
            ReadOnlySpan<char> prefix = text[(slash + 1)..];
            if (prefix.Length is 0 or > 3 || !int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > (v4 ? 32 : 128))
            {
                return false;
            }

            bits += v4 ? 96 : 0;
        }

        network = new IpNetwork(address, bits);
        return true;
    }

    private bool IsV4 => Bits >= 96 && Address >> 32 == V4 >> 32;

    /// <summary>Whether an address lies in the range. Those of IPv4 lie in no range of IPv6.</summary>
    /// <param name="other">The address.</param>
    /// <returns>True if its leading bits are the same.</returns>
    public bool Contains(IpNetwork other) =>
        IsV4 == other.IsV4 && other.Bits >= Bits && (Bits == 0 || (Address ^ other.Address) >> (128 - Bits) == 0);

    /// <summary>The addresses at the limits of the range: the first and the last in it, and those just outside.</summary>
    /// <returns>Two to four addresses.</returns>
    public IEnumerable<string> Limits()
    {
        UInt128 first = Address & ~Rest, last = first | Rest;
        (UInt128 lowest, UInt128 highest) = IsV4 ? (V4, V4 | uint.MaxValue) : (UInt128.Zero, UInt128.MaxValue);
        bool v4 = IsV4;
        yield return Text(first, v4);
        if (last != first)
        {
            yield return Text(last, v4);
        }

        if (last < highest)
        {
            yield return Text(last + 1, v4);
        }

        if (first > lowest)
        {
            yield return Text(first - 1, v4);
        }
    }

    /// <summary>Whether ranges together have every address of IPv4, or every public one of IPv6.</summary>
    /// <param name="networks">The ranges.</param>
    /// <returns>True if so.</returns>
    public static bool IsEverybody(IReadOnlyCollection<IpNetwork> networks) =>
        Covers(networks.Where(network => network.IsV4), V4, V4 | uint.MaxValue)
        || Covers(networks.Where(network => !network.IsV4), (UInt128)0x2 << 124, ((UInt128)0x4 << 124) - 1);

    private static bool Covers(IEnumerable<IpNetwork> networks, UInt128 first, UInt128 last)
    {
        UInt128 next = first;
        foreach (IpNetwork network in networks.OrderBy(network => network.Address & ~network.Rest))
        {
            if ((network.Address & ~network.Rest) > next)
            {
                return false;
            }

            UInt128 end = network.Address | network.Rest;
            if (end >= last)
            {
                return true;
            }

            next = end >= next ? end + 1 : next;
        }

        return false;
    }

    private UInt128 Rest => Bits == 128 ? UInt128.Zero : UInt128.MaxValue >> Bits;

    private static string Text(UInt128 address, bool v4)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        return new IPAddress(v4 ? bytes[12..] : bytes).ToString();
    }

    private static bool TryAddress(ReadOnlySpan<char> text, out UInt128 address, out bool v4)
    {
        v4 = !text.Contains(':');
        if (!v4)
        {
            return TryV6(text, out address);
        }

        bool good = TryV4(text, out uint four);
        address = V4 | four;
        return good;
    }

    private static bool TryV4(ReadOnlySpan<char> text, out uint address)
    {
        address = 0;
        int count = 0;
        foreach (Range range in text.Split('.'))
        {
            ReadOnlySpan<char> part = text[range];
            // A leading zero would be octal to some and decimal to others.
            if (++count > 4 || part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')
                || !byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out byte value))
            {
                return false;
            }

            address = (address << 8) | value;
        }

        return count == 4;
    }

    private static bool TryV6(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = 0;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        int gap = text.IndexOf("::", StringComparison.Ordinal);
        if (gap < 0)
        {
            if (!TryGroups(text, bytes, out int all) || all != 16)
            {
                return false;
            }
        }
        else
        {
            Span<byte> tail = stackalloc byte[16];
            if (!TryGroups(text[..gap], bytes, out int before) || !TryGroups(text[(gap + 2)..], tail, out int after) || before + after > 14)
            {
                return false;
            }

            bytes[before..].Clear();
            tail[..after].CopyTo(bytes[(16 - after)..]);
        }

        address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    private static bool TryGroups(ReadOnlySpan<char> text, Span<byte> bytes, out int length)
    {
        length = 0;
        while (!text.IsEmpty)
        {
            int colon = text.IndexOf(':');
            ReadOnlySpan<char> group = colon < 0 ? text : text[..colon];
            text = colon < 0 ? [] : text[(colon + 1)..];
            if (colon >= 0 && text.IsEmpty)
            {
                return false;
            }

            if (group.Contains('.'))
            {
                // The last four bytes may be written as those of IPv4.
                if (!text.IsEmpty || length > 12 || !TryV4(group, out uint four))
                {
                    return false;
                }

                BinaryPrimitives.WriteUInt32BigEndian(bytes[length..], four);
                length += 4;
            }
            else
            {
                if (length > 14 || group.Length is 0 or > 4 || !ushort.TryParse(group, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort value))
                {
                    return false;
                }

                BinaryPrimitives.WriteUInt16BigEndian(bytes[length..], value);
                length += 2;
            }
        }

        return true;
    }
}
