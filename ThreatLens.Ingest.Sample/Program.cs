Console.WriteLine("i");
