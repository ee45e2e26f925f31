using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CloudLab.Emulator.Identity;

/// <summary>Codes of a virtual MFA device: TOTP (RFC 6238) with SHA-1, six digits and steps of 30 seconds, as authenticator apps have it.</summary>
internal static class Totp
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int Step = 30;

    /// <summary>A new secret.</summary>
    /// <returns>40 bytes.</returns>
    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(40);

    /// <summary>The number of the step that a moment is in.</summary>
    /// <param name="time">The moment.</param>
    /// <returns>Steps since 1970.</returns>
    public static long StepAt(DateTimeOffset time) => time.ToUnixTimeSeconds() / Step;

    /// <summary>The code of a step.</summary>
    /// <param name="seed">The device's secret.</param>
    /// <param name="step">The step.</param>
    /// <returns>Six digits.</returns>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "What authenticator apps use.")]
    public static string Code(byte[] seed, long step)
    {
        Span<byte> counter = stackalloc byte[8], hash = stackalloc byte[20];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        HMACSHA1.HashData(seed, counter, hash);
        int number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0xf)..]) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>Base32 (RFC 4648), as apps take a secret that is typed.</summary>
    /// <param name="bytes">A multiple of five bytes.</param>
    /// <returns>The text.</returns>
    public static string ToBase32(byte[] bytes)
    {
        StringBuilder text = new(bytes.Length * 8 / 5);
        for (int bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            int pair = (bytes[bit / 8] << 8) | (bit / 8 + 1 < bytes.Length ? bytes[bit / 8 + 1] : 0);
            text.Append(Letters[(pair >> (11 - bit % 8)) & 31]);
        }

        return text.ToString();
    }

    /// <summary>Reads Base32.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The bytes.</returns>
    public static byte[] FromBase32(string text)
    {
        byte[] bytes = new byte[text.Length * 5 / 8];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            if (((Letters.IndexOf(text[bit / 5], StringComparison.Ordinal) >> (4 - bit % 5)) & 1) != 0)
            {
                bytes[bit / 8] |= (byte)(128 >> (bit % 8));
            }
        }

        return bytes;
    }
}
