using System.Management.Automation;

namespace CloudLab.Host.Output;

/// <summary>Bytes as they are, which the engine hands over one by one or as arrays.</summary>
/// <param name="stream">Where to.</param>
internal sealed class ByteWriter(Stream stream)
{
    /// <summary>Writes bytes.</summary>
    /// <param name="value">A byte or an array of them.</param>
    public void Write(object? value)
    {
        switch (value is PSObject wrapper ? wrapper.BaseObject : value)
        {
            case byte one:
                stream.WriteByte(one);
                break;
            case byte[] many:
                stream.Write(many);
                break;
            case var other:
                throw new NotSupportedException($"A {other?.GetType().Name ?? "null"} among bytes.");
        }
    }
}
