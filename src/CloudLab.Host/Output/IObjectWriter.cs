namespace CloudLab.Host.Output;

/// <summary>Writes objects in one form.</summary>
internal interface IObjectWriter
{
    /// <summary>Writes an object, or keeps it until there are enough to lay out.</summary>
    /// <param name="value">The object.</param>
    void Write(object? value);

    /// <summary>Writes what was kept.</summary>
    void Flush();
}
