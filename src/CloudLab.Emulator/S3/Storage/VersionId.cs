using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// Ids of versions: 32 characters that begin with the version's place in time, so that a list can go on after a
/// version that has been deleted meanwhile.
/// </summary>
internal static class VersionId
{
    /// <summary>The one version that a bucket without versioning keeps of a key.</summary>
    public const string Null = "null";

    private const int Length = 32;

    /// <summary>Makes an id.</summary>
    /// <param name="sequence">The version's place in time.</param>
    /// <returns>The id.</returns>
    public static string Make(long sequence)
    {
        byte[] bytes = new byte[Length * 3 / 4];
        BinaryPrimitives.WriteInt64BigEndian(bytes, sequence);
        RandomNumberGenerator.Fill(bytes.AsSpan(sizeof(long)));
        return Convert.ToBase64String(bytes).Replace('+', '.').Replace('/', '_');
    }

    /// <summary>Whether a text could be an id.</summary>
    /// <param name="id">The text.</param>
    /// <returns>True if so.</returns>
    public static bool IsValid(string id) => id == Null || SequenceOf(id) is not null;

    /// <summary>Reads the place in time from an id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The place; null for <see cref="Null"/>, which says nothing of it, and for what is no id.</returns>
    public static long? SequenceOf(string id)
    {
        byte[] bytes = new byte[Length * 3 / 4];
        return id.Length == Length
            && Convert.TryFromBase64String(id.Replace('.', '+').Replace('_', '/'), bytes, out int count) && count == bytes.Length
            && BinaryPrimitives.ReadInt64BigEndian(bytes) is > 0 and var sequence
            ? sequence
            : null;
    }
}
